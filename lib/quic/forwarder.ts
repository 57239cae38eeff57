// The bridges that join TCP connections with streams, begun one by one or by rules. Only names and
// ends pass through here; the bytes of a bridge never do.

import {
  type Bridge,
  type BridgeEnd,
  type BridgeEndKind,
  type Forwarder,
  PollenError,
  type Rule,
  type RuleOwner,
  type ServeRule,
  type Session,
  type SocketAddress,
  type Stream,
  type TcpConnection,
  type TcpListener,
  type TcpTarget,
} from "../types/mod.ts";
import { engineClosed, notOurs } from "./errors.ts";
import type { NativeEngine } from "./native_engine.ts";
import { concat, encodeAddress, type EventRecord, Operation, PayloadReader } from "./records.ts";
import { Rules } from "./rules.ts";
import { QuicSession } from "./session.ts";
import { QuicStream } from "./stream.ts";
import { QuicTcpConnection, QuicTcpListener, TcpListeners } from "./tcp_listeners.ts";

const HEAD_BYTES_MAX = 65_536;
const TARGETS_MAX = 16;

const END_KINDS: readonly BridgeEndKind[] = [
  "aborted",
  "finished",
  "tcp_reset",
  "stream_reset",
  "session_closed",
  "unreachable_target",
  "aborted",
  "too_many",
];

export class QuicForwarder implements Forwarder {
  readonly #native: NativeEngine;
  readonly #listeners: TcpListeners;
  readonly #bridges = new Map<number, QuicBridge>();
  readonly #rules: Rules;
  #isClosed = false;

  constructor(native: NativeEngine) {
    this.#native = native;
    this.#listeners = new TcpListeners(native);
    this.#rules = new Rules(native);
  }

  listen(address: SocketAddress): Promise<TcpListener> {
    if (this.#isClosed) return Promise.reject(engineClosed());
    return this.#listeners.listen(address);
  }

  bridgeToSession(connection: TcpConnection, session: Session, head: Uint8Array): Bridge {
    if (!(connection instanceof QuicTcpConnection) || connection.native !== this.#native) {
      throw notOurs("TCP connection");
    }
    if (!(session instanceof QuicSession) || session.native !== this.#native) {
      throw notOurs("session");
    }
    if (head.length > HEAD_BYTES_MAX) {
      throw new PollenError("too_large", `A head has at most ${HEAD_BYTES_MAX} bytes.`);
    }
    const a = connection.release();
    const bridge = this.#addBridge(this.#native.nextTag(), session);
    const order = { a, b: bridge.tag, s: session.handle, bytes: head };
    this.#native.command(Operation.bridgeToSession, order);
    return bridge;
  }

  route(listener: TcpListener, session: Session, head: Uint8Array, owner: RuleOwner): Rule {
    if (!(listener instanceof QuicTcpListener) || listener.native !== this.#native) {
      throw notOurs("listener");
    }
    if (!(session instanceof QuicSession) || session.native !== this.#native) {
      throw notOurs("session");
    }
    return this.#rules.route(listener.handle, session, head, owner);
  }

  serve(head: Uint8Array, targets: readonly TcpTarget[], owner: RuleOwner): ServeRule {
    checkTargets(targets);
    return this.#rules.serve(head, targets, owner);
  }

  bridgeToTcp(stream: Stream, targets: readonly TcpTarget[]): Bridge {
    if (!(stream instanceof QuicStream) || stream.native !== this.#native) {
      throw notOurs("stream");
    }
    checkTargets(targets);
    const bytes = concat(targets.map(encodeAddress));
    const { hasEnded } = stream.session;
    const bridge = this.#addBridge(
      this.#native.nextTag(),
      hasEnded ? undefined : stream.session,
    );
    if (hasEnded) {
      this.#endBridge(bridge, nothingMoved("session_closed"));
      return bridge;
    }
    try {
      stream.release();
      const session = stream.session.handle;
      const order = { a: stream.handle, b: bridge.tag, s: session, bytes };
      this.#native.command(Operation.bridgeToTcp, order);
    } catch (error) {
      this.#endBridge(bridge, nothingMoved("aborted"));
      throw error;
    }
    return bridge;
  }

  /** The engine listens. */
  listening(record: EventRecord): void {
    this.#listeners.listening(record);
  }

  listenFailed(record: EventRecord): void {
    this.#listeners.failed(record);
  }

  /** A listener accepted a connection. */
  accepted(record: EventRecord): void {
    this.#listeners.accepted(record);
  }

  /** A bridge began by a rule, on a session that was not heard to have ended. */
  bridgeBegan(record: EventRecord, session: QuicSession | undefined): void {
    const bridge = this.#addBridge(record.tag, session);
    if (session === undefined) return bridge.abort();
    this.#rules.began(record.x, bridge, session);
  }

  ruleRefused(record: EventRecord): void {
    this.#rules.refused(record);
  }

  ruleWithdrawn(record: EventRecord): void {
    this.#rules.withdrawn(record);
  }

  bridgeEnded(record: EventRecord): void {
    const bridge = this.#bridges.get(record.tag);
    if (bridge === undefined) return;
    const payload = new PayloadReader(record.payload);
    this.#endBridge(bridge, {
      kind: END_KINDS[record.x] ?? "aborted",
      errorCode: payload.number(),
      bytesToStream: payload.number(),
      bytesToTcp: payload.number(),
      reason: payload.text(),
    });
  }

  /** The engine is closed: nothing of ours goes on. */
  end(): void {
    this.#isClosed = true;
    this.#listeners.end();
    for (const bridge of [...this.#bridges.values()]) {
      this.#endBridge(bridge, nothingMoved("aborted"));
    }
  }

  /** `session` is left out where it was heard to have ended. */
  #addBridge(tag: number, session?: QuicSession): QuicBridge {
    const bridge = new QuicBridge(this.#native, tag, session?.occupy());
    if (this.#isClosed) bridge.end(nothingMoved("aborted"));
    else this.#bridges.set(bridge.tag, bridge);
    return bridge;
  }

  #endBridge(bridge: QuicBridge, end: BridgeEnd): void {
    this.#bridges.delete(bridge.tag);
    bridge.end(end);
  }
}

class QuicBridge implements Bridge {
  readonly tag: number;
  readonly ended: Promise<BridgeEnd>;
  readonly #native: NativeEngine;
  readonly #resolveEnded: (end: BridgeEnd) => void;
  readonly #vacate: () => void;

  constructor(native: NativeEngine, tag: number, vacate = () => {}) {
    this.#native = native;
    this.tag = tag;
    this.#vacate = vacate;
    const { promise, resolve } = Promise.withResolvers<BridgeEnd>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  abort(): void {
    this.#native.command(Operation.abortBridge, { b: this.tag });
  }

  /** Called once. */
  end(end: BridgeEnd): void {
    this.#vacate();
    this.#resolveEnded(end);
  }
}

function nothingMoved(kind: BridgeEndKind): BridgeEnd {
  return { kind, errorCode: 0, bytesToStream: 0, bytesToTcp: 0, reason: "" };
}

function checkTargets(targets: readonly TcpTarget[]): void {
  if (targets.length <= TARGETS_MAX) return;
  throw new PollenError("too_large", `A bridge has at most ${TARGETS_MAX} targets.`);
}
