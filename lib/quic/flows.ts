// Local ports and services of flows, by the tags that the library knows them by. Packets never pass
// through here.

import {
  type FlowForwarder,
  type FlowPort,
  type FlowService,
  type FlowStats,
  PollenError,
  type Session,
  type SocketAddress,
  type UdpTarget,
} from "../types/mod.ts";
import { bindError, engineClosed, notOurs } from "./errors.ts";
import type { NativeEngine } from "./native_engine.ts";
import { concat, encodeAddress, type EventRecord, Operation, PayloadReader } from "./records.ts";
import { QuicSession } from "./session.ts";

const TARGETS_MAX = 16;

interface PendingListen {
  readonly address: SocketAddress;
  resolve(port: FlowPort): void;
  reject(error: PollenError): void;
}

export class QuicFlows implements FlowForwarder {
  readonly #native: NativeEngine;
  readonly #listens = new Map<number, PendingListen>();
  #isClosed = false;

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  listen(address: SocketAddress): Promise<FlowPort> {
    if (this.#isClosed) return Promise.reject(engineClosed());
    const { promise, resolve, reject } = Promise.withResolvers<FlowPort>();
    const tag = this.#native.nextTag();
    try {
      this.#native.command(Operation.listenFlows, { b: tag, bytes: encodeAddress(address) });
      this.#listens.set(tag, { address, resolve, reject });
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  serve(port: number, targets: readonly UdpTarget[]): FlowService {
    if (targets.length > TARGETS_MAX) {
      throw new PollenError("too_large", `A service has at most ${TARGETS_MAX} targets.`);
    }
    const tag = this.#native.nextTag();
    const bytes = concat(targets.map(encodeAddress));
    this.#native.command(Operation.serveFlows, { b: tag, s: port, bytes });
    return new QuicFlowService(this.#native, tag);
  }

  /** A local port is open. */
  listening({ tag, payload }: EventRecord): void {
    const pending = this.#listens.get(tag);
    this.#listens.delete(tag);
    const port = new QuicFlowPort(this.#native, tag, new PayloadReader(payload).address());
    if (pending === undefined) port.close();
    else pending.resolve(port);
  }

  listenFailed(record: EventRecord): void {
    // Its counters are not needed any more.
    this.#native.command(Operation.closeFlows, { b: record.tag });
    const pending = this.#listens.get(record.tag);
    this.#listens.delete(record.tag);
    pending?.reject(bindError("UDP", pending.address, record));
  }

  /** The engine is closed: nothing of ours goes on. */
  end(): void {
    this.#isClosed = true;
    for (const pending of this.#listens.values()) pending.reject(engineClosed());
    this.#listens.clear();
  }
}

/** What local ports and services have in common. */
class Counted {
  protected readonly native: NativeEngine;
  protected readonly tag: number;
  protected isOver = false;
  #last: FlowStats = { flows: 0, packetsSent: 0, packetsReceived: 0, packetsDropped: 0 };

  constructor(native: NativeEngine, tag: number) {
    this.native = native;
    this.tag = tag;
  }

  stats(): FlowStats {
    if (!this.isOver) this.#last = this.native.flowStats(this.tag) ?? this.#last;
    return this.#last;
  }

  protected end(operation: number): void {
    if (this.isOver) return;
    this.#last = { ...this.stats(), flows: 0 };
    this.isOver = true;
    this.native.command(operation, { b: this.tag });
  }

  protected ownHandle(session: Session): number {
    if (session instanceof QuicSession && session.native === this.native) return session.handle;
    throw notOurs("session");
  }
}

class QuicFlowPort extends Counted implements FlowPort {
  readonly address: SocketAddress;

  constructor(native: NativeEngine, tag: number, address: SocketAddress) {
    super(native, tag);
    this.address = address;
  }

  lead(session: Session | null, port: number): void {
    if (this.isOver) return;
    const a = session === null ? 0 : this.ownHandle(session);
    this.native.command(Operation.leadFlows, { a, b: this.tag, s: port });
  }

  close(): void {
    this.end(Operation.closeFlows);
  }
}

class QuicFlowService extends Counted implements FlowService {
  allow(session: Session): void {
    const a = this.ownHandle(session);
    if (!this.isOver) this.native.command(Operation.allowFlows, { a, b: this.tag });
  }

  withdraw(): void {
    this.end(Operation.withdrawFlows);
  }
}
