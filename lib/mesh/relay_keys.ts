// The keys of relayed flows. An end and its carrier derive them, each alone, from the secret of the
// session that the two have and the number of the flow, so that no key ever travels.
//
//   HMAC-SHA256 under the secret over a purpose and the flow's number (4 bytes, big-endian):
//   0…15   the AES-128 key of one direction
//   16…23  the tag that the receiver knows its packets by
//
// The purpose names the direction and which end of the session carries: each of the two may carry for
// the other one, and both count from one.

import { createHmac } from "node:crypto";
import { RELAY_KEY_BYTES, RELAY_TAG_BYTES, type RelayLeg, type Session } from "../types/mod.ts";

/** Which of the two a node is. */
export type RelaySide = "end" | "carrier";

/**
 * A half of a flow.
 *
 * @param session The one that end and carrier have.
 * @param flow Its number, 1…2^32 - 1, which is used once in a session.
 * @param side What this node is.
 */
export function relayLeg(session: Session, flow: number, side: RelaySide): RelayLeg {
  const isCarrierDialler = (side === "carrier") !== session.inbound;
  const carrier = isCarrierDialler ? "dialled" : "accepted";
  const keys = ["to carrier", "to end"].map((direction) =>
    derive(session, `pollen/2 relay ${carrier} ${direction}`, flow)
  );
  if (side === "carrier") keys.reverse();
  const [send, receive] = [keys[0]!, keys[1]!];
  return {
    session,
    sendKey: send.key,
    sendTag: send.tag,
    receiveKey: receive.key,
    receiveTag: receive.tag,
  };
}

function derive({ secret }: Session, purpose: string, flow: number) {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, flow);
  const bytes = new Uint8Array(
    createHmac("sha256", secret).update(purpose).update(number).digest(),
  );
  return {
    key: bytes.slice(0, RELAY_KEY_BYTES),
    tag: bytes.slice(RELAY_KEY_BYTES, RELAY_KEY_BYTES + RELAY_TAG_BYTES),
  };
}
