// What the node and the tunnels hear of a peer's sessions: the node in a queue, in the order in which
// things happened; the tunnels' watcher in the moment itself, because its rules must not outlive a
// session.

import {
  BoundedQueue,
  type LimitCounter,
  type LinkProtocol,
  PEER_EVENTS_WAITING_MAX,
  type PeerEvent,
  type PeerKey,
  type PeerPath,
  type Session,
  type SessionEnd,
  type SessionWatcher,
} from "../types/mod.ts";
import { reasonOf } from "./ends.ts";

/** What a session is when it is reported. */
export interface ReportsOptions {
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  pathOf(session: Session): PeerPath;
  protocolOf(session: Session): LinkProtocol;
}

export class Reports {
  readonly #options: ReportsOptions;
  readonly #events: BoundedQueue<PeerEvent>;
  #watcher: SessionWatcher | null = null;

  constructor(options: ReportsOptions) {
    this.#options = options;
    const onFull = () => options.limits.count("peer_events_waiting");
    this.#events = new BoundedQueue(PEER_EVENTS_WAITING_MAX, onFull);
  }

  /** The next event; null once there are no more. */
  next(): Promise<PeerEvent | null> {
    return this.#events.next();
  }

  /** From now on this one hears of every change in the moment in which it happens. */
  setWatcher(watcher: SessionWatcher): void {
    this.#watcher = watcher;
  }

  /** Streams that come on the session are the peer's from now on. */
  admitted(peer: PeerKey, session: Session): void {
    this.#watcher?.admitted(peer, session);
  }

  /** The session is the peer's current one now. Ends it when the node does not keep up. */
  connected(peer: PeerKey, session: Session): void {
    this.#watcher?.changed(peer, session);
    this.#push(session, {
      kind: "connected",
      peer,
      address: this.#options.pathOf(session).address,
      inbound: session.inbound,
      protocol: this.#options.protocolOf(session),
    });
  }

  /** The peer's current session goes another way now. Ends it when the node does not keep up. */
  moved(peer: PeerKey, session: Session): void {
    const { address } = this.#options.pathOf(session);
    this.#push(session, { kind: "moved", peer, address });
  }

  /** Nothing is heard over the peer's current session. */
  silent(peer: PeerKey): void {
    this.#events.push({ kind: "silent", peer });
  }

  /** The peer has no session any more. */
  disconnected(peer: PeerKey, end: SessionEnd): void {
    this.#watcher?.changed(peer, null);
    this.#events.push({
      kind: "disconnected",
      peer,
      reason: reasonOf(end),
      text: end.reason,
      isRemote: end.kind === "remote",
    });
  }

  /** Nothing more is told to the node. */
  close(): void {
    this.#events.close();
  }

  #push(session: Session, event: PeerEvent): void {
    if (!this.#events.push(event)) session.close("overloaded");
  }
}
