// The extra sockets that sessions lead over: each is held for as long as a session's path is there.

import type { Conn, SockStore } from "../sock/mod.ts";
import { readWay, type Session } from "../types/mod.ts";

export class HeldSockets {
  readonly #sockStore: SockStore;
  readonly #held = new Map<Session, Conn>();

  constructor(sockStore: SockStore) {
    this.#sockStore = sockStore;
  }

  /** Holds the socket that the session leads over now, and no other one of it. */
  hold(session: Session): void {
    const before = this.#held.get(session);
    const { remoteAddress } = session;
    if (readWay(remoteAddress)?.kind === "socket") {
      this.#held.set(session, this.#sockStore.hold(remoteAddress));
    } else this.#held.delete(session);
    before?.release();
  }

  /** The session has ended. */
  release(session: Session): void {
    this.#held.get(session)?.release();
    this.#held.delete(session);
  }
}
