// One engine of the native library, as typed calls. It knows the form of commands and answers and
// nothing of their meaning.

import {
  assert,
  type EngineStats,
  type FaultKind,
  type FlowStats,
  PollenError,
  type Protocol,
  type RelayStats,
  type SessionStats,
  type SocketAddress,
} from "../types/mod.ts";
import {
  badIdentity,
  encodeOptions,
  encodeProtocols,
  type EngineOptions,
  openError,
} from "./engine_options.ts";
import { acquireLibrary, type LibrarySymbols, releaseLibrary } from "./library.ts";
import {
  type EventRecord,
  FAULT_KINDS,
  Operation,
  PayloadReader,
  readRecords,
  Refusal,
} from "./records.ts";

/** More than any record has: one certificate, datagram or chunk of a stream each. */
const TAKE_BYTES = 512 * 1024;
/** Takes before other JavaScript gets a turn. */
const TAKES_PER_WAIT = 8;
/** A wait ends at once when there is something or the engine is closed; this is only its bound. */
const WAIT_MS = 30_000;
const ANSWER_BYTES = 1_024;
/** More numbers than an engine or a session has. */
const NUMBERS_MAX = 64;
const NOTHING = new Uint8Array(0);

/** Numbers and bytes of a command; what is left out is 0 or empty. */
export interface CommandArguments {
  readonly a?: number;
  readonly b?: number;
  readonly s?: number;
  readonly bytes?: Uint8Array;
}

export class NativeEngine {
  readonly localAddress: SocketAddress;
  readonly #library: LibrarySymbols;
  readonly #handle: number;
  readonly #records = new Uint8Array(TAKE_BYTES);
  readonly #numbers = new Float64Array(NUMBERS_MAX);
  #isFreed = false;
  #lastTag = 0;

  private constructor(library: LibrarySymbols, handle: number, localAddress: SocketAddress) {
    this.#library = library;
    this.#handle = handle;
    this.localAddress = localAddress;
  }

  /**
   * Binds the socket and starts the engine's thread.
   *
   * @throws {PollenError} `already_exists`, `permission_denied`, `io`, `invalid_argument`,
   *   `exhausted`, `unsupported`.
   */
  static open(options: EngineOptions): NativeEngine {
    const request = encodeOptions(options);
    const library = acquireLibrary();
    try {
      const answer = new Uint8Array(ANSWER_BYTES);
      const handle = library.pollen_quic_new(request, request.length, answer, answer.length);
      const length = new DataView(answer.buffer).getUint32(0, true);
      const reader = new PayloadReader(answer.subarray(4, 4 + length));
      if (handle === 0) throw openError(options, reader);
      return new NativeEngine(library, handle, reader.address());
    } catch (error) {
      releaseLibrary();
      throw error;
    }
  }

  /** A number to know the answer to a request by. The library's own numbers are above ours. */
  nextTag(): number {
    this.#lastTag = this.#lastTag % 0x7fff_ffff + 1;
    return this.#lastTag;
  }

  /**
   * Gives a command. Once the engine is closed it is without effect, for what it would act on is
   * gone.
   *
   * @throws {PollenError} `invalid_argument`, `internal`.
   */
  command(operation: number, { a = 0, b = 0, s = 0, bytes = NOTHING }: CommandArguments): number {
    if (this.#isFreed) return Refusal.noEngine;
    const answer = this.#library.pollen_quic_command(
      this.#handle,
      operation,
      a,
      b,
      s,
      bytes as Uint8Array<ArrayBuffer>,
      bytes.length,
    );
    switch (answer) {
      case Refusal.malformed:
        throw new PollenError("invalid_argument", "The engine cannot make sense of an argument.");
      case Refusal.badIdentity:
        throw badIdentity();
      case Refusal.failed:
        throw new PollenError("internal", "The engine failed on a command.");
    }
    return answer;
  }

  setProtocols(protocols: readonly Protocol[]): void {
    this.command(Operation.setProtocols, { bytes: encodeProtocols(protocols) });
  }

  /** Hands over every event until `deliver` says that it was the last. */
  async pump(deliver: (record: EventRecord) => "more" | "last"): Promise<void> {
    while (true) {
      await this.#library.pollen_quic_wait(this.#handle, WAIT_MS);
      for (let taken = 0; taken < TAKES_PER_WAIT; taken++) {
        const length = this.#library.pollen_quic_take(this.#handle, this.#records, TAKE_BYTES);
        if (length === 0) break;
        for (const record of readRecords(this.#records.subarray(0, length))) {
          if (deliver(record) === "last") return;
        }
      }
    }
  }

  stats(): EngineStats {
    const n = this.#readNumbers(0);
    return {
      sessions: n[0] ?? 0,
      streams: n[1] ?? 0,
      bridges: n[2] ?? 0,
      udpPacketsSent: n[3] ?? 0,
      udpPacketsReceived: n[4] ?? 0,
      udpBytesSent: n[5] ?? 0,
      udpBytesReceived: n[6] ?? 0,
      udpSendCalls: n[7] ?? 0,
      udpReceiveCalls: n[8] ?? 0,
      receiveBufferBytes: n[9] ?? 0,
      sendBufferBytes: n[10] ?? 0,
      turnCpuMsMax: (n[11] ?? 0) / 1e6,
      attemptsTaken: n[12] ?? 0,
      attemptsRetried: n[13] ?? 0,
      attemptsRefused: n[14] ?? 0,
      attemptsDropped: n[15] ?? 0,
      udpSegmentsMax: n[16] ?? 0,
      udpCoalesces: n[17] === 1,
      udpRebinds: n[18] ?? 0,
      extraSockets: n[19] ?? 0,
      faults: Object.fromEntries(
        FAULT_KINDS.map((kind, index) => [kind, n[20 + index] ?? 0]),
      ) as Record<FaultKind, number>,
    };
  }

  /** Null once the session is over. */
  sessionStats(session: number): SessionStats | null {
    const n = this.#readNumbers(session);
    if (n.length === 0) return null;
    return {
      rttMs: (n[0] ?? 0) / 1000,
      datagramBytesMax: n[1] ?? 0,
      bytesSent: n[2] ?? 0,
      bytesReceived: n[3] ?? 0,
      packetsSent: n[5] ?? 0,
      packetsLost: n[4] ?? 0,
    };
  }

  /** Null once the local port or the service is gone. */
  flowStats(tag: number): FlowStats | null {
    const n = this.#readNumbers(tag, this.#library.pollen_quic_flow_stats);
    if (n.length === 0) return null;
    return {
      flows: n[0] ?? 0,
      packetsSent: n[1] ?? 0,
      packetsReceived: n[2] ?? 0,
      packetsDropped: n[3] ?? 0,
    };
  }

  /** Null once the flow is closed. */
  relayStats(relay: number): RelayStats | null {
    const n = this.#readNumbers(relay, this.#library.pollen_quic_relay_stats);
    if (n.length === 0) return null;
    return { packets: n[0] ?? 0, bytes: n[1] ?? 0, dropped: n[2] ?? 0 };
  }

  #readNumbers(of: number, read = this.#library.pollen_quic_stats): Float64Array {
    if (this.#isFreed) return this.#numbers.subarray(0, 0);
    const bytes = new Uint8Array(this.#numbers.buffer);
    const count = read(this.#handle, of, bytes, this.#numbers.length);
    return this.#numbers.subarray(0, count);
  }

  /** Ends the thread and frees everything. `pump` must have ended. */
  free(): void {
    assert(!this.#isFreed, "an engine is freed once");
    this.#isFreed = true;
    this.#library.pollen_quic_free(this.#handle);
    releaseLibrary();
  }
}
