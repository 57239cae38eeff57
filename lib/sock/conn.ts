// Sockets beside the main one, counted: each stays open for as long as somebody uses it, an attempt
// to punch or a session whose path leads over it, and is closed when the last one lets go.

import { type ExtraSocket, type Punched, readWay, type SocketAddress } from "../types/mod.ts";

/** A peer where it answered, and the hold on the socket that leads there. */
export class Conn implements Punched {
  /** Where the peer is reached: a way, where that is not over the main socket. */
  readonly peer: SocketAddress;
  #letGo: (() => void) | null;

  constructor(peer: SocketAddress, letGo: () => void) {
    this.peer = peer;
    this.#letGo = letGo;
  }

  /** Lets go of the socket: whoever used it last closes it. Idempotent. */
  release(): void {
    const letGo = this.#letGo;
    this.#letGo = null;
    letGo?.();
  }
}

/** The extra sockets that are in use. */
export class Sockets {
  readonly #open: () => Promise<ExtraSocket>;
  readonly #used = new Map<number, { readonly socket: ExtraSocket; users: number }>();

  constructor(open: () => Promise<ExtraSocket>) {
    this.#open = open;
  }

  /**
   * Opens so many, all or none. Whoever gets them is the first user of each.
   *
   * @throws What opening one threw.
   */
  async open(count: number): Promise<number[]> {
    const opened = await Promise.allSettled(Array.from({ length: count }, () => this.#open()));
    const failed = opened.find(({ status }) => status === "rejected");
    const sockets = opened.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    if (failed !== undefined) {
      for (const socket of sockets) socket.close();
      throw (failed as PromiseRejectedResult).reason;
    }
    for (const socket of sockets) this.#used.set(socket.number, { socket, users: 1 });
    return sockets.map(({ number }) => number);
  }

  /** One more user of the socket that leads to an address; of none, where that is the main one. */
  hold(peer: SocketAddress): Conn {
    const way = readWay(peer);
    const used = way?.kind === "socket" ? this.#used.get(way.socket) : undefined;
    if (used === undefined) return new Conn(peer, () => {});
    used.users++;
    return new Conn(peer, () => this.release(used.socket.number));
  }

  /** One user less. */
  release(number: number): void {
    const used = this.#used.get(number);
    if (used === undefined || --used.users > 0) return;
    this.#used.delete(number);
    used.socket.close();
  }
}
