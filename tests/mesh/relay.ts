// A piece of network between two engines that loses chosen packets: a UDP relay on this machine.
// QUIC hides what a packet carries, but not its form and length, and that tells enough.

import { createSocket, type Socket } from "node:dgram";
import type { SocketAddress } from "../../lib/types/mod.ts";

export type Direction = "toServer" | "toClient";

export class Relay implements AsyncDisposable {
  /** Decides about each packet. */
  isLost: (packet: Uint8Array, direction: Direction) => boolean = () => false;
  readonly #near = createSocket("udp4");
  readonly #far = createSocket("udp4");
  #client: SocketAddress | null = null;

  private constructor(server: SocketAddress) {
    this.#near.on("message", (packet, from) => {
      this.#client = { ip: from.address, port: from.port };
      if (!this.isLost(new Uint8Array(packet), "toServer")) {
        this.#far.send(packet, server.port, server.ip);
      }
    });
    this.#far.on("message", (packet) => {
      if (this.#client === null || this.isLost(new Uint8Array(packet), "toClient")) return;
      this.#near.send(packet, this.#client.port, this.#client.ip);
    });
  }

  static async open(server: SocketAddress): Promise<Relay> {
    const relay = new Relay(server);
    await Promise.all([bind(relay.#near), bind(relay.#far)]);
    return relay;
  }

  /** Where the client dials instead of the server. */
  get address(): SocketAddress {
    return { ip: "127.0.0.1", port: this.#near.address().port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([close(this.#near), close(this.#far)]);
  }
}

/**
 * Whether the packet may carry an envelope of an invite's exchange: sent after the handshake (RFC
 * 9000, section 17.3), larger than acknowledgements and smaller than probes for a larger MTU.
 */
export function mayCarryInvite(packet: Uint8Array): boolean {
  return (packet[0]! & 0x80) === 0 && packet.length > 400 && packet.length < 1_200;
}

function bind(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
}

function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
