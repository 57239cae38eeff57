// A QUIC stream that TypeScript reads and writes itself. Credits bound both directions: the engine
// hands up no more than was asked for, and takes no more than it has room for.

import { assert, PollenError, type Stream } from "../types/mod.ts";
import type { NativeEngine } from "./native_engine.ts";
import { Operation } from "./records.ts";
import type { QuicSession } from "./session.ts";

/** Bytes that may wait here to be read, those on the way included. */
const READ_CREDIT_BYTES = 65_536;
/** Bytes that may be on the way from here to QUIC. */
const WRITE_CREDIT_BYTES = 262_144;
const WRITE_CHUNK_BYTES = 65_536;

/** Called while something waits for a change of the stream. */
type Waiter = () => void;

export class QuicStream implements Stream {
  readonly session: QuicSession;
  readonly head: Uint8Array;
  readonly handle: number;
  /** The engine that it belongs to. */
  readonly native: NativeEngine;
  readonly #forget: (handle: number) => void;

  readonly #chunks: Uint8Array[] = [];
  #buffered = 0;
  /** Credit that was given and not used yet. */
  #granted = 0;
  #readEnd: "open" | "finished" | PollenError = "open";
  #reader: Waiter | null = null;
  #wasRead = false;

  #writeCredit = WRITE_CREDIT_BYTES;
  #writeEnd: "open" | "finished" | PollenError = "open";
  #writer: Waiter | null = null;
  /** The last write, which the next one follows. */
  #writes: Promise<void> = Promise.resolve();

  constructor(
    native: NativeEngine,
    session: QuicSession,
    handle: number,
    head: Uint8Array,
    forget: (handle: number) => void,
  ) {
    this.native = native;
    this.session = session;
    this.handle = handle;
    this.head = head;
    this.#forget = forget;
  }

  async read(maxBytes: number = READ_CREDIT_BYTES): Promise<Uint8Array | null> {
    assert(this.#reader === null, "a stream has one reader at a time");
    assert(Number.isInteger(maxBytes) && maxBytes >= 1, "a read asks for one byte at least");
    this.#wasRead = true;
    while (true) {
      const chunk = this.#takeChunk(maxBytes);
      if (this.#readEnd === "open") this.#grant();
      if (chunk !== null) return chunk;
      if (this.#readEnd === "finished") return null;
      if (this.#readEnd !== "open") throw this.#readEnd;
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    const written = this.#writes.then(() => this.#write(bytes));
    this.#writes = written.catch(() => {});
    return written;
  }

  finish(): void {
    this.#writes = this.#writes.then(() => {
      if (this.#writeEnd !== "open") return;
      this.#writeEnd = "finished";
      this.native.command(Operation.finish, { a: this.handle });
      this.#settle();
    });
  }

  abort(errorCode = 0): void {
    if (this.#isOver()) return;
    this.native.command(Operation.abortStream, { a: this.handle, s: errorCode });
    this.end(new PollenError("closed", "The stream was aborted."));
    this.#forget(this.handle);
  }

  /**
   * Gives the stream away: from now on it can only be looked at. One that the peer has reset may
   * be given away too; who gets it finds it gone.
   *
   * @throws {PollenError} `closed` when it was aborted or given away, `failed_precondition` when it
   *   was read.
   */
  release(): void {
    if (this.#wasRead) {
      throw new PollenError("failed_precondition", "The stream was read and cannot be bridged.");
    }
    if (this.#isOver()) {
      const isReset = [this.#readEnd, this.#writeEnd].some((end) =>
        end instanceof PollenError && end.code === "reset"
      );
      if (isReset) return;
      throw new PollenError("closed", "The stream is over.");
    }
    this.end(new PollenError("closed", "The stream belongs to a bridge."));
    this.#forget(this.handle);
  }

  /** The engine handed up bytes. */
  received(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    this.#granted -= bytes.length;
    this.#wakeReader();
  }

  /** The peer ended its direction. */
  receivedEnd(): void {
    this.#endRead("finished");
  }

  /** The peer reset its direction. */
  receivedReset(code: number): void {
    this.#endRead(new PollenError("reset", "The peer reset the stream.", { details: { code } }));
  }

  /** The peer stopped reading. */
  receivedStop(code: number): void {
    this.#endWrite(
      new PollenError("reset", "The peer stopped reading the stream.", { details: { code } }),
    );
  }

  /** The engine took bytes and has room for as many. */
  receivedCredit(bytes: number): void {
    this.#writeCredit += bytes;
    this.#wakeWriter();
  }

  /** Both directions are over; what waits to be read can still be read. */
  end(error: PollenError): void {
    this.#endRead(error);
    this.#endWrite(error);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      await this.#roomToWrite();
      const chunk = bytes.subarray(at, at + Math.min(this.#writeCredit, WRITE_CHUNK_BYTES));
      this.#writeCredit -= chunk.length;
      at += chunk.length;
      this.native.command(Operation.write, { a: this.handle, bytes: chunk });
    }
    await this.#roomToWrite();
  }

  /** Waits until the engine has room for more. */
  async #roomToWrite(): Promise<void> {
    while (true) {
      if (this.#writeEnd === "finished") {
        throw new PollenError("closed", "The stream was finished before.");
      }
      if (this.#writeEnd !== "open") throw this.#writeEnd;
      if (this.#writeCredit > 0) return;
      await new Promise<void>((resolve) => {
        this.#writer = resolve;
      });
    }
  }

  #takeChunk(maxBytes: number): Uint8Array | null {
    const first = this.#chunks[0];
    if (first === undefined) return null;
    const taken = first.subarray(0, maxBytes);
    if (taken.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(taken.length);
    this.#buffered -= taken.length;
    return taken;
  }

  /** Asks for more once half of what may wait here is used up. */
  #grant(): void {
    const room = READ_CREDIT_BYTES - this.#buffered - this.#granted;
    if (room < READ_CREDIT_BYTES / 2) return;
    this.#granted += room;
    this.native.command(Operation.grantRead, { a: this.handle, b: room });
  }

  #endRead(end: "finished" | PollenError): void {
    if (this.#readEnd === "open") this.#readEnd = end;
    this.#wakeReader();
    this.#settle();
  }

  #endWrite(error: PollenError): void {
    if (this.#writeEnd === "open") this.#writeEnd = error;
    this.#wakeWriter();
    this.#settle();
  }

  #wakeReader(): void {
    const wake = this.#reader;
    this.#reader = null;
    wake?.();
  }

  #wakeWriter(): void {
    const wake = this.#writer;
    this.#writer = null;
    wake?.();
  }

  #isOver(): boolean {
    return this.#readEnd !== "open" && this.#writeEnd !== "open";
  }

  /** The engine forgets a stream whose directions are both over, and so do we. */
  #settle(): void {
    if (this.#isOver()) this.#forget(this.handle);
  }
}
