// One engine of the native library, as typed calls. It knows the form of commands and answers and
// nothing of their meaning.

import {
  assert,
  type Congestion,
  CONGESTIONS,
  type EngineStats,
  type FaultKind,
  type FlowStats,
  PollenError,
  type Protocol,
  type RelayStats,
  type SessionStats,
  type SocketAddress,
} from "../types/mod.ts";
import { acquireLibrary, type LibrarySymbols, releaseLibrary } from "./library.ts";
import {
  concat,
  encodeAddress,
  encodeNumber,
  encodeSized,
  encodeText,
  type EventRecord,
  FAULT_KINDS,
  Operation,
  OptionKey,
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
/** What `packetBytesMax` may be; the same as in native/src/limits.rs. */
const PACKET_BYTES_MIN = 1_200;
const PACKET_BYTES_MAX = 16_300;
const RESET_KEY_BYTES = 32;
/** Set to "off", packets go and come one by one: for systems whose segmentation is broken. */
const OFFLOAD_VARIABLE = "POLLEN_QUIC_OFFLOAD";
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

/** Where an engine listens, for what, and how. */
export interface EngineOptions {
  /** Where the UDP socket is bound: `::` takes IPv4 as well, port 0 lets the system choose. */
  readonly address: SocketAddress;
  /** What to speak from the start; `setProtocols` changes it. */
  readonly protocols: readonly Protocol[];
  /**
   * The largest packet to send, in bytes of UDP payload, 1200…16300. Default: 1452, and 16300 on
   * loopback. Discovery finds what the path carries below that (RFC 8899).
   */
  readonly packetBytesMax?: number;
  /** Default `cubic`. */
  readonly congestion?: Congestion;
  /**
   * 32 secret bytes that only this engine has, and the one that comes after it on this port: with
   * the same ones, it tells the peers of the one before that their sessions are over. Default: by
   * chance, and then peers find out by their idle timeout.
   */
  readonly resetKey?: Uint8Array;
  /**
   * For those who debug: a folder, made if need be, that takes a qlog trace (`.sqlog`) of each
   * session; at most 64 files of 16 MB, the oldest go first. Default: none, which costs nothing.
   */
  readonly qlogDir?: string;
  /**
   * Whether the system may segment and coalesce packets for the engine, where it can. Default: yes,
   * unless the environment says `POLLEN_QUIC_OFFLOAD=off`.
   */
  readonly offload?: boolean;
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
    const { address, protocols, qlogDir = "", resetKey = NOTHING } = options;
    if (resetKey.length !== 0 && resetKey.length !== RESET_KEY_BYTES) {
      throw new PollenError("invalid_argument", `The key of resets has ${RESET_KEY_BYTES} bytes.`);
    }
    const request = concat([
      encodeAddress(address),
      encodeOptions(options),
      encodeSized(encodeText(qlogDir)),
      encodeSized(resetKey),
      encodeProtocols(protocols),
    ]);
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

/** How many there are, then of each its key and its value: see core/options.rs. */
function encodeOptions({ packetBytesMax, congestion, offload }: EngineOptions): Uint8Array {
  const given: (readonly [number, number])[] = [];
  const mayOffload = offload ?? Deno.env.get(OFFLOAD_VARIABLE) !== "off";
  if (!mayOffload) given.push([OptionKey.oneByOne, 1]);
  if (packetBytesMax !== undefined) {
    const isValid = Number.isInteger(packetBytesMax) &&
      packetBytesMax >= PACKET_BYTES_MIN && packetBytesMax <= PACKET_BYTES_MAX;
    if (!isValid) {
      throw new PollenError(
        "invalid_argument",
        `The largest packet has ${PACKET_BYTES_MIN} to ${PACKET_BYTES_MAX} bytes.`,
      );
    }
    given.push([OptionKey.packetBytesMax, packetBytesMax]);
  }
  if (congestion !== undefined) {
    const number = CONGESTIONS.indexOf(congestion);
    if (number < 0) {
      throw new PollenError(
        "invalid_argument",
        `There is no congestion control "${congestion}"; there is ${CONGESTIONS.join(" and ")}.`,
      );
    }
    given.push([OptionKey.congestion, number]);
  }
  const encoded = given.map(([key, value]) => concat([Uint8Array.of(key), encodeNumber(value)]));
  return concat([Uint8Array.of(given.length), ...encoded]);
}

function encodeProtocols(protocols: readonly Protocol[]): Uint8Array {
  return concat(
    protocols.flatMap(
      ({ alpn, fallback = "", identity, serve, headBytes, movesPaths, carriesFlows }) => {
        if (!/^[\x21-\x7e]{1,255}$/.test(alpn) || !/^[\x21-\x7e]{0,255}$/.test(fallback)) {
          throw new PollenError("invalid_argument", "An ALPN name has 1 to 255 ASCII characters.");
        }
        if (!Number.isInteger(headBytes) || headBytes < 0 || headBytes > 64) {
          throw new PollenError("invalid_argument", "The head of a stream has 0 to 64 bytes.");
        }
        return [
          Uint8Array.of((serve ? 1 : 0) + (movesPaths ? 2 : 0) + (carriesFlows ? 4 : 0), headBytes),
          encodeSized(encodeText(alpn)),
          encodeSized(encodeText(fallback)),
          encodeSized(identity.certificate),
          encodeSized(identity.privateKey),
        ];
      },
    ),
  );
}

function badIdentity(): PollenError {
  return new PollenError(
    "invalid_argument",
    "A certificate and its private key must be a pair of Ed25519, in DER.",
  );
}

function openError({ address, qlogDir }: EngineOptions, answer: PayloadReader): PollenError {
  const [code = 0] = answer.bytes(1);
  const reason = answer.text();
  const place = `UDP port ${address.port} of ${address.ip}`;
  switch (code) {
    case 1:
      return new PollenError("already_exists", `${place} is taken by another program.`);
    case 2:
      return new PollenError("permission_denied", `${place} may not be opened by this user.`);
    case 3:
      return new PollenError("io", `${place} cannot be opened: ${reason}.`);
    case 4:
      return new PollenError("invalid_argument", `${address.ip} is not an IP address.`);
    case 5:
      return badIdentity();
    case 6:
      return new PollenError("exhausted", "This process has too many engines.");
    case 8:
      return new PollenError("io", `The folder for traces, ${qlogDir}, is not usable: ${reason}.`);
    default:
      return new PollenError("internal", "The engine failed to start.");
  }
}
