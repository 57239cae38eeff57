// TCP listeners and the connections that they accept.

import {
  BoundedQueue,
  PollenError,
  type SocketAddress,
  TCP_CONNECTIONS_WAITING_MAX,
  type TcpConnection,
  type TcpListener,
} from "../types/mod.ts";
import { bindError, engineClosed } from "./errors.ts";
import type { NativeEngine } from "./native_engine.ts";
import { encodeAddress, type EventRecord, Operation, PayloadReader } from "./records.ts";

/** A request that was not answered yet. */
interface Pending {
  readonly address: SocketAddress;
  resolve(listener: TcpListener): void;
  reject(error: PollenError): void;
}

/** The listeners of an engine. */
export class TcpListeners {
  readonly #native: NativeEngine;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<number, QuicTcpListener>();

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  /** See `Forwarder.listen`. */
  // deno-lint-ignore require-await
  async listen(address: SocketAddress): Promise<TcpListener> {
    const { promise, resolve, reject } = Promise.withResolvers<TcpListener>();
    const tag = this.#native.nextTag();
    this.#native.command(Operation.listen, { b: tag, bytes: encodeAddress(address) });
    this.#pending.set(tag, { address, resolve, reject });
    return promise;
  }

  listening({ handle, tag, payload }: EventRecord): void {
    const address = new PayloadReader(payload).address();
    const listener = new QuicTcpListener(this.#native, handle, address, this.#listeners);
    const pending = this.#take(tag);
    if (pending === undefined) return listener.close();
    this.#listeners.set(handle, listener);
    pending.resolve(listener);
  }

  failed(record: EventRecord): void {
    const pending = this.#take(record.tag);
    pending?.reject(bindError("TCP", pending.address, record));
  }

  accepted({ handle, x, payload }: EventRecord): void {
    const remote = new PayloadReader(payload).address();
    const connection = new QuicTcpConnection(this.#native, x, remote);
    const listener = this.#listeners.get(handle);
    if (listener === undefined || !listener.accepted(connection)) connection.reset();
  }

  /** The engine is closed. */
  end(): void {
    for (const pending of this.#pending.values()) pending.reject(engineClosed());
    this.#pending.clear();
    for (const listener of [...this.#listeners.values()]) listener.close();
  }

  #take(tag: number): Pending | undefined {
    const pending = this.#pending.get(tag);
    this.#pending.delete(tag);
    return pending;
  }
}

export class QuicTcpListener implements TcpListener {
  readonly address: SocketAddress;
  readonly native: NativeEngine;
  readonly handle: number;
  /** The listeners by handle, among which this one stands. */
  readonly #listeners: Map<number, QuicTcpListener>;
  readonly #waiting = new BoundedQueue<QuicTcpConnection>(TCP_CONNECTIONS_WAITING_MAX);

  constructor(
    native: NativeEngine,
    handle: number,
    address: SocketAddress,
    listeners: Map<number, QuicTcpListener>,
  ) {
    this.native = native;
    this.handle = handle;
    this.address = address;
    this.#listeners = listeners;
  }

  async accept(): Promise<TcpConnection | null> {
    const connection = await this.#waiting.next();
    connection?.take();
    return connection;
  }

  close(): void {
    this.#listeners.delete(this.handle);
    this.#waiting.drain();
    // The engine resets what was not taken.
    this.native.command(Operation.closeListener, { a: this.handle });
  }

  accepted(connection: QuicTcpConnection): boolean {
    return this.#waiting.push(connection);
  }
}

/** A connection that was accepted. */
export class QuicTcpConnection implements TcpConnection {
  readonly remoteAddress: SocketAddress;
  readonly native: NativeEngine;
  readonly #handle: number;
  #isUsed = false;

  constructor(native: NativeEngine, handle: number, remoteAddress: SocketAddress) {
    this.native = native;
    this.#handle = handle;
    this.remoteAddress = remoteAddress;
  }

  reset(): void {
    if (this.#isUsed) return;
    this.#isUsed = true;
    this.native.command(Operation.resetConnection, { a: this.#handle });
  }

  /** Somebody has it: it waits no more. */
  take(): void {
    this.native.command(Operation.takeConnection, { a: this.#handle });
  }

  /**
   * Gives the connection to a bridge.
   *
   * @throws {PollenError} `failed_precondition` when it was reset or bridged before.
   */
  release(): number {
    if (this.#isUsed) {
      throw new PollenError("failed_precondition", "The TCP connection was used before.");
    }
    this.#isUsed = true;
    return this.#handle;
  }
}
