// What a member does with a relay that it was granted: it seals packets that no node would send. The
// carrier cannot look into them, and the other end gets those that are genuine.

import { randomBytes } from "node:crypto";
import { relayLeg } from "../../../lib/mesh/relay_keys.ts";
import type { Mesh } from "../../../mod.ts";
import type { PeerKey, RelayLeg, Session } from "../../../lib/types/mod.ts";
import { Sealer } from "../../../tests/lab/support/relayed_packets.ts";

/** What is in a packet of the usual size. */
const INSIDE_BYTES = 1_200;
/** More than any path carries in one piece, less than loopback's limit. */
const TOO_LARGE_BYTES = 9_000;

export class Relayed {
  readonly #sealer: Sealer;
  readonly #once: Uint8Array;
  #isClosed = false;

  private constructor(leg: RelayLeg) {
    this.#sealer = new Sealer(leg.sendTag, leg.sendKey);
    this.#once = this.#sealer.seal(inside(0x40, INSIDE_BYTES));
  }

  /** Opens a relay to the peer by asking the carrier for one. */
  static async open(mesh: Mesh, carrier: PeerKey, peer: PeerKey): Promise<Relayed> {
    const granted = Promise.withResolvers<number>();
    const openRelay = mesh.openRelay.bind(mesh);
    mesh.openRelay = (by, flow, to) => {
      if (by === carrier && to === peer) granted.resolve(flow);
      return openRelay(by, flow, to);
    };
    const session: Session = await mesh.session(carrier);
    const value = { peerId: Uint8Array.fromHex(peer) };
    mesh.sendFrame(carrier, { body: { kind: "relayRequest", value } });
    const flow = await granted.promise;
    const relayed = new Relayed(relayLeg(session, flow, "end"));
    const closeRelay = mesh.closeRelay.bind(mesh);
    mesh.closeRelay = (by, closed) => {
      if (by === carrier && closed === flow) relayed.#isClosed = true;
      closeRelay(by, closed);
    };
    return relayed;
  }

  /** Whether the relay is given up. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** One that is genuine, to be recorded. */
  get recorded(): Uint8Array {
    return this.#once;
  }

  /** One that holds a relayed packet of this very relay, as if it were to go round. */
  looping(): Uint8Array {
    return this.#sealer.seal(this.#once);
  }

  /** One of several lies: altered, of no relay, with a number far ahead that is not sealed, or cut. */
  lying(index: number): Uint8Array {
    const packet = this.#once.slice();
    switch (index % 4) {
      case 0:
        packet[packet.length - 1]! ^= 1;
        return packet;
      case 1:
        packet.set(randomBytes(8), 1);
        return packet;
      case 2:
        packet.set(randomBytes(6), 9);
        return packet;
      default:
        return packet.subarray(0, 1 + index % 40);
    }
  }

  /** Genuine ones, faster than is carried for a member, and each hundredth larger than any path. */
  exceeding(index: number): Uint8Array {
    return this.#sealer.seal(inside(0x40, index % 100 === 0 ? TOO_LARGE_BYTES : INSIDE_BYTES));
  }
}

/** Looks like a packet of QUIC to those that get it. */
function inside(first: number, length: number): Uint8Array {
  const bytes = new Uint8Array(randomBytes(length));
  bytes[0] = first;
  return bytes;
}
