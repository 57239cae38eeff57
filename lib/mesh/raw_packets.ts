// What comes to our socket and is not QUIC: each packet to the one that its first byte is for.

import type { Engine, SocketAddress } from "../types/mod.ts";

/** Takes a packet; false when it is none of its own. */
export type RawReceiver = (from: SocketAddress, bytes: Uint8Array) => boolean;

/** Hands packets out until the engine is closed. What nobody takes is dropped without a word. */
export async function handOutRawPackets(
  engine: Engine,
  receivers: readonly RawReceiver[],
): Promise<void> {
  for (let packet; (packet = await engine.receiveRaw()) !== null;) {
    const { from, bytes } = packet;
    receivers.some((receive) => receive(from, bytes));
  }
}
