// Events as they travel over pollen/2: the same statements with binary keys, in the bytes that their
// author signed. What is unknown in them is kept, because the bytes are.

import { GossipEvent, MemberEvent } from "../proto/mod.ts";
import {
  isPort,
  parsePeerKey,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  portNumber,
  servicePort,
  SIGNED_EVENT_BYTES_MAX,
} from "../types/mod.ts";
import { isBeyondPollen1 } from "./core_attribute.ts";

/** The bytes that are signed of our own event. */
export function encodeMemberEvent(event: GossipEvent): Uint8Array {
  const { peerId, counter, deleted, change } = event;
  const binary = change === undefined ? undefined : toBinary(change);
  return MemberEvent.encode({
    author: peerKeyBytes(parsePeerKey(peerId)),
    counter,
    deleted,
    ...(binary === undefined ? {} : { change: binary }),
  });
}

/** What signed bytes say; null when they are no event that this version understands. */
export function decodeMemberEvent(bytes: Uint8Array): GossipEvent | null {
  let decoded: MemberEvent;
  try {
    decoded = MemberEvent.decode(bytes, { bytes: SIGNED_EVENT_BYTES_MAX });
  } catch {
    return null;
  }
  const { author, counter, deleted, change } = decoded;
  if (author.length !== PEER_KEY_BYTES || change === undefined) return null;
  const textual = toTextual(change);
  if (textual === null) return null;
  return { peerId: peerKeyFromBytes(author), counter, deleted, change: textual };
}

/** The bytes of a member event before its author's, and before its counter: tags of proto3, a length. */
const AUTHOR_HEAD = [0x0a, PEER_KEY_BYTES];
const COUNTER_HEAD = [0x10];

/**
 * Whose event these bytes are and which, without a look at what they say; null where they are not
 * written as ours are, and may be an event all the same.
 */
export function eventName(bytes: Uint8Array): { author: PeerKey; counter: bigint } | null {
  const authorAt = AUTHOR_HEAD.length;
  const counterAt = authorAt + PEER_KEY_BYTES;
  const isUsual = bytes[0] === AUTHOR_HEAD[0] && bytes[1] === AUTHOR_HEAD[1] &&
    bytes[counterAt] === COUNTER_HEAD[0];
  if (!isUsual) return null;
  let counter = 0n;
  for (let at = counterAt + 1, shift = 0n; at < bytes.length && shift < 64n; at++, shift += 7n) {
    counter |= BigInt(bytes[at]! & 0x7f) << shift;
    if (bytes[at]! < 0x80) {
      return { author: peerKeyFromBytes(bytes.subarray(authorAt, counterAt)), counter };
    }
  }
  return null;
}

type Textual = NonNullable<GossipEvent["change"]>;
type Binary = NonNullable<MemberEvent["change"]>;

function toBinary(change: Textual): Binary {
  if (change.kind === "reachability") {
    const peer = peerKeyBytes(parsePeerKey(change.value.peerId));
    return { kind: "reachability", value: { peer } };
  }
  if (!isBeyondPollen1(change) || change.kind !== "service") return change;
  const { name, port } = change.value;
  return { kind: "udpService", value: { name, port: portNumber(port) } };
}

function toTextual(change: Binary): Textual | null {
  switch (change.kind) {
    case "reachability": {
      const { peer } = change.value;
      if (peer.length !== PEER_KEY_BYTES) return null;
      return { kind: "reachability", value: { peerId: peerKeyFromBytes(peer) } };
    }
    case "udpService": {
      const { name, port } = change.value;
      return isPort(port)
        ? { kind: "service", value: { name, port: servicePort(port, true) } }
        : null;
    }
    case "service":
      return isBeyondPollen1(change) ? null : change;
    default:
      return change;
  }
}
