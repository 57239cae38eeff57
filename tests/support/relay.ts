// A piece of network between two QUIC endpoints that loses, repeats, reorders and changes packets: a
// UDP relay on this machine.

import { createSocket, type Socket } from "node:dgram";
import type { SocketAddress } from "../../lib/types/mod.ts";

export type Direction = "toServer" | "toClient";

export class Relay implements AsyncDisposable {
  /** What goes on, in this order, when a packet comes. The bytes are the caller's own. */
  carry: (packet: Uint8Array, direction: Direction) => readonly Uint8Array[] = (packet) => [packet];
  readonly #server: SocketAddress;
  #near = createSocket("udp4");
  #far = createSocket("udp4");
  #client: SocketAddress | null = null;

  private constructor(server: SocketAddress) {
    this.#server = server;
    this.#listen();
  }

  static async open(server: SocketAddress): Promise<Relay> {
    const relay = new Relay(server);
    await Promise.all([bind(relay.#near), bind(relay.#far)]);
    return relay;
  }

  /**
   * From now on the server sees the client at another address, as when a laptop comes into another
   * network; what is sent to the old one is lost.
   */
  async moveClient(): Promise<void> {
    await close(this.#far);
    this.#far = createSocket("udp4");
    this.#listenFar();
    await bind(this.#far);
  }

  /** The same the other way round: the client sees the server elsewhere. */
  async moveServer(): Promise<void> {
    await close(this.#near);
    this.#near = createSocket("udp4");
    this.#listenNear();
    await bind(this.#near);
  }

  #listen(): void {
    this.#listenNear();
    this.#listenFar();
  }

  #listenNear(): void {
    this.#near.on("message", (packet, from) => {
      this.#client = { ip: from.address, port: from.port };
      for (const next of this.carry(new Uint8Array(packet), "toServer")) {
        this.#far.send(next, this.#server.port, this.#server.ip);
      }
    });
  }

  #listenFar(): void {
    this.#far.on("message", (packet) => {
      if (this.#client === null) return;
      for (const next of this.carry(new Uint8Array(packet), "toClient")) {
        this.#near.send(next, this.#client.port, this.#client.ip);
      }
    });
  }

  /** Where the client dials instead of the server. */
  get address(): SocketAddress {
    return { ip: "127.0.0.1", port: this.#near.address().port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([close(this.#near), close(this.#far)]);
  }
}

function bind(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
}

function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
