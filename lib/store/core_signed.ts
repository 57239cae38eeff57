// Events as they travel over pollen/2: the same statements with binary keys, in the bytes that their
// author signed. What is unknown in them is kept, because the bytes are.

import { GossipEvent, MemberEvent } from "../proto/mod.ts";
import {
  parsePeerKey,
  PEER_KEY_BYTES,
  peerKeyBytes,
  peerKeyFromBytes,
  SIGNED_EVENT_BYTES_MAX,
} from "../types/mod.ts";

/** The bytes that are signed of our own event. */
export function encodeMemberEvent(event: GossipEvent): Uint8Array {
  const { peerId, counter, deleted, change } = event;
  const binary: MemberEvent["change"] = change?.kind === "reachability"
    ? { kind: "reachability", value: { peer: peerKeyBytes(parsePeerKey(change.value.peerId)) } }
    : change;
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

function toTextual(
  change: NonNullable<MemberEvent["change"]>,
): NonNullable<GossipEvent["change"]> | null {
  if (change.kind !== "reachability") return change;
  const { peer } = change.value;
  if (peer.length !== PEER_KEY_BYTES) return null;
  return { kind: "reachability", value: { peerId: peerKeyFromBytes(peer) } };
}
