// Events as attributes of their author. An attribute has a key (its kind, and what it is about) and
// a value; only the event with an attribute's highest counter counts. Everything of an event that
// comes from a peer is checked here, and what passes is rebuilt, so that equal events are equal bytes.

import { GossipEvent } from "../proto/mod.ts";
import {
  ADDRESSES_PER_PEER_MAX,
  assertNever,
  IP_LENGTH_MAX,
  isIpLiteral,
  isPort,
  isServicePort,
  isUdpPort,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  SERVICE_NAME_LENGTH_MAX,
  SERVICE_NAME_LENGTH_MIN,
  tryParsePeerKey,
} from "../types/mod.ts";

/** What an event says about its author. The port of a service is a `ServicePort`. */
export type Change = NonNullable<GossipEvent["change"]>;

/** `kind`, or `kind/subject` where an author has several of the kind. */
export type AttributeKey = string;

/** An event that passed every check that needs no state. */
export interface Attribute {
  readonly author: PeerKey;
  readonly key: AttributeKey;
  readonly change: Change;
  readonly event: GossipEvent;
}

/** The attribute that an event speaks of; null when it is not a valid event of pollen/1. */
export function readAttribute(event: GossipEvent): Attribute | null {
  const author = tryParsePeerKey(event.peerId);
  if (author === null || event.counter <= 0n || event.change === undefined) return null;
  const change = event.deleted ? readDeletion(event.change) : readChange(author, event.change);
  if (change === null) return null;
  return {
    author,
    key: attributeKey(change),
    change,
    event: { peerId: author, counter: event.counter, deleted: event.deleted, change },
  };
}

/** The key of the attribute that a valid change speaks of. */
export function attributeKey(change: Change): AttributeKey {
  switch (change.kind) {
    case "network":
    case "externalPort":
    case "identityPub":
    case "publiclyAccessible":
      return change.kind;
    case "service":
      return `service/${change.value.name}`;
    case "reachability":
      return `reachability/${change.value.peerId}`;
    case "revocation":
      return `revocation/${
        (change.value.revocation?.entry?.subjectPub ?? new Uint8Array()).toHex()
      }`;
    default:
      return assertNever(change);
  }
}

/** The change as it travels when its attribute is deleted: the key, and no value. */
export function withoutValue(change: Change): Change {
  switch (change.kind) {
    case "network":
      return { kind: "network", value: { ips: [], localPort: 0 } };
    case "externalPort":
      return { kind: "externalPort", value: { externalPort: 0 } };
    case "identityPub":
      return {
        kind: "identityPub",
        value: { identityPub: new Uint8Array(), certExpiryUnix: 0n },
      };
    case "service":
      return { kind: "service", value: { name: change.value.name, port: 0 } };
    case "reachability":
    case "revocation":
    case "publiclyAccessible":
      return change;
    default:
      return assertNever(change);
  }
}

/** Whether two events say the same, whatever their counters. */
export function saySame(a: GossipEvent, b: GossipEvent): boolean {
  if (a.deleted !== b.deleted) return false;
  const [left, right] = [a, b].map((event) => GossipEvent.encode({ ...event, counter: 0n }));
  return left!.length === right!.length && left!.every((byte, index) => byte === right![index]);
}

/** Whether it says what pollen/1 has no words for. */
export function isBeyondPollen1(change: Change): boolean {
  return change.kind === "service" && isUdpPort(change.value.port);
}

/**
 * The event as nodes hear it that speak pollen/1 alone. They know no UDP and would take such a service
 * for one of TCP: to them its name is served no more.
 */
export function asPollen1(event: GossipEvent): GossipEvent {
  const { change } = event;
  if (change === undefined || !isBeyondPollen1(change)) return event;
  return { ...event, deleted: true, change: withoutValue(change) };
}

/** The node that a revocation is about; null when it names none. */
export function revokedSubject(change: Change): PeerKey | null {
  if (change.kind !== "revocation") return null;
  const subject = change.value.revocation?.entry?.subjectPub;
  return subject?.length === PEER_KEY_BYTES ? peerKeyFromBytes(subject) : null;
}

/** Whether a service may have this name: 1…64 characters that can be shown in one line. */
export function isServiceName(name: string): boolean {
  if (!name.isWellFormed() || /[\p{Cc}\u2028\u2029]/u.test(name)) return false;
  if (name.length > 2 * SERVICE_NAME_LENGTH_MAX) return false;
  const length = [...name].length;
  return length >= SERVICE_NAME_LENGTH_MIN && length <= SERVICE_NAME_LENGTH_MAX;
}

/** Whether a node may announce these addresses. */
export function areAddresses(ips: readonly string[]): boolean {
  return ips.length <= ADDRESSES_PER_PEER_MAX &&
    ips.every((ip) => ip.length <= IP_LENGTH_MAX && isIpLiteral(ip));
}

function readChange(author: PeerKey, change: Change): Change | null {
  switch (change.kind) {
    case "network": {
      const { ips, localPort } = change.value;
      if (!areAddresses(ips) || !isPort(localPort)) return null;
      return { kind: "network", value: { ips: [...ips], localPort } };
    }
    case "externalPort": {
      // 0 is how the original takes its port back.
      const { externalPort } = change.value;
      if (externalPort !== 0 && !isPort(externalPort)) return null;
      return { kind: "externalPort", value: { externalPort } };
    }
    case "identityPub": {
      const { identityPub, certExpiryUnix } = change.value;
      if (identityPub.toHex() !== author) return null;
      return {
        kind: "identityPub",
        value: { identityPub: peerKeyBytes(author), certExpiryUnix },
      };
    }
    case "service": {
      const { name, port } = change.value;
      if (!isServiceName(name) || !isServicePort(port)) return null;
      return { kind: "service", value: { name, port } };
    }
    case "reachability":
      return readReachability(change.value.peerId);
    case "revocation":
      return revokedSubject(change) === null ? null : change;
    case "publiclyAccessible":
      return { kind: "publiclyAccessible", value: {} };
    default:
      return assertNever(change);
  }
}

function readDeletion(change: Change): Change | null {
  switch (change.kind) {
    case "service":
      return isServiceName(change.value.name) ? withoutValue(change) : null;
    case "reachability":
      return readReachability(change.value.peerId);
    case "revocation":
      // A revocation is for ever.
      return null;
    case "network":
    case "externalPort":
    case "identityPub":
      return withoutValue(change);
    case "publiclyAccessible":
      return { kind: "publiclyAccessible", value: {} };
    default:
      return assertNever(change);
  }
}

function readReachability(text: string): Change | null {
  const peerId = tryParsePeerKey(text);
  return peerId === null ? null : { kind: "reachability", value: { peerId } };
}
