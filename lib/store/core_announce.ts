// Statements about this node from values that a person or the machine gave, checked as strictly as
// what comes from others, so that nothing is announced that every other node would skip.

import { GossipEvent } from "../proto/mod.ts";
import {
  COUNTER_MAX,
  EVENT_BATCH_BYTES,
  isPort,
  type PeerKey,
  PollenError,
  portNumber,
  type ServicePort,
} from "../types/mod.ts";
import { areAddresses, type Change, isServiceName } from "./core_attribute.ts";

/** Bytes around an event in its datagram: tags and lengths of the batch and the envelope. */
const ENVELOPE_BYTES = 8;

/**
 * Where this node listens, with as many of the addresses as fit one datagram.
 *
 * @throws {PollenError} `invalid_argument`.
 */
export function networkChange(local: PeerKey, ips: readonly string[], localPort: number): Change {
  requirePort(localPort);
  const bad = ips.find((ip) => !areAddresses([ip]));
  if (bad !== undefined) {
    throw new PollenError("invalid_argument", `"${bad}" is not an IP address.`);
  }
  for (let count = ips.length;; count--) {
    const change: Change = { kind: "network", value: { ips: ips.slice(0, count), localPort } };
    const event = { peerId: local, counter: COUNTER_MAX, deleted: false, change };
    const fits = GossipEvent.encode(event).length + ENVELOPE_BYTES <= EVENT_BATCH_BYTES;
    if (count === 0 || fits && areAddresses(change.value.ips)) return change;
  }
}

/**
 * A service of this node.
 *
 * @throws {PollenError} `invalid_argument`.
 */
export function serviceChange(name: string, port: ServicePort): Change {
  if (!isServiceName(name)) {
    throw new PollenError(
      "invalid_argument",
      "A service name has 1 to 64 characters, none of which is a control character.",
    );
  }
  requirePort(portNumber(port));
  return { kind: "service", value: { name, port } };
}

/** @throws {PollenError} `invalid_argument` unless it is a port of 1…65535. */
export function requirePort(port: number): void {
  if (!isPort(port)) {
    throw new PollenError("invalid_argument", "A port is a number from 1 to 65535.", {
      details: { port },
    });
  }
}
