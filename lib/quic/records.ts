// What crosses the boundary to the native library: the numbers of operations and events, and the
// form of records, addresses and texts. The other side of each is in native/src/abi; a change here
// or there raises ABI_VERSION in both.

import { type FaultKind, PollenError, type SocketAddress } from "../types/mod.ts";

/** Must be what the library says of itself. */
export const ABI_VERSION = 6;

/** Operations of a command: what `a`, `b`, `s` and the bytes mean stands in abi/commands.rs. */
export const Operation = {
  setProtocols: 1,
  dial: 2,
  cancelDial: 3,
  takeSession: 4,
  admit: 5,
  closeSession: 6,
  sendDatagram: 7,
  sendRaw: 8,
  openStream: 9,
  cancelOpen: 10,
  grantRead: 11,
  write: 12,
  finish: 13,
  abortStream: 14,
  listen: 15,
  closeListener: 16,
  takeConnection: 17,
  resetConnection: 18,
  bridgeToSession: 19,
  bridgeToTcp: 20,
  abortBridge: 21,
  shutdown: 22,
  keepGate: 23,
  answerAttempt: 24,
  admitNarrow: 25,
  setPath: 26,
  route: 30,
  serve: 31,
  allow: 32,
  withdrawRule: 33,
  openSocket: 34,
  closeSocket: 35,
  openRelay: 36,
  carry: 37,
  closeRelay: 38,
  limitCarried: 39,
  listenFlows: 40,
  leadFlows: 41,
  closeFlows: 42,
  serveFlows: 43,
  allowFlows: 44,
  withdrawFlows: 45,
} as const;

/** Keys of the options that an engine is opened with. */
export const OptionKey = { packetBytesMax: 1, congestion: 2, oneByOne: 3 } as const;

/** Kinds of records: what their fields mean stands in abi/records.rs. */
export const EventKind = {
  sessionUp: 1,
  dialFailed: 2,
  sessionEnded: 3,
  datagram: 4,
  streamOpened: 5,
  openFailed: 6,
  streamIncoming: 7,
  streamData: 8,
  streamFinished: 9,
  streamReset: 10,
  streamStopped: 11,
  streamWritable: 12,
  raw: 13,
  listening: 14,
  listenFailed: 15,
  tcpAccepted: 16,
  bridgeEnded: 17,
  closed: 18,
  attempt: 19,
  resumed: 23,
  fault: 24,
  bridgeBegan: 25,
  ruleRefused: 26,
  ruleWithdrawn: 27,
  sessionStray: 28,
  socketOpened: 29,
  socketFailed: 30,
  flowsListening: 40,
  flowsFailed: 41,
} as const;

/** Faults of the sockets, in the order of their numbers, from 1. */
export const FAULT_KINDS: readonly FaultKind[] = [
  "shortage",
  "oversize",
  "denied",
  "refused",
  "no_route",
  "segmentation",
  "broken",
  "exhausted",
  "other",
];

/** What the library answers to a command that it refuses. */
export const Refusal = { noEngine: -1, malformed: -2, badIdentity: -3, failed: -4 } as const;

/** One event of the library. */
export interface EventRecord {
  readonly kind: number;
  readonly handle: number;
  /** The number that we gave to the request that this answers. */
  readonly tag: number;
  readonly x: number;
  readonly y: number;
  /** A copy of its own: it may be kept. */
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 24;

/**
 * The records in `bytes`, which holds whole ones only.
 *
 * @throws {PollenError} `internal` when it does not.
 */
export function* readRecords(bytes: Uint8Array): Generator<EventRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < HEADER_BYTES) throw cutShort();
    const field = (index: number) => view.getUint32(at + 4 * index, true);
    const end = at + HEADER_BYTES + field(5);
    if (end > bytes.length) throw cutShort();
    const payload = bytes.slice(at + HEADER_BYTES, end);
    yield { kind: field(0), handle: field(1), tag: field(2), x: field(3), y: field(4), payload };
    at = end;
  }
}

function cutShort(): PollenError {
  return new PollenError("internal", "A record of the engine is cut short.");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The address as commands carry it: port, length and text of the IP. */
export function encodeAddress(address: SocketAddress): Uint8Array {
  const ip = encoder.encode(address.ip).subarray(0, 255);
  return concat([Uint8Array.of(address.port & 0xff, address.port >> 8, ip.length), ip]);
}

/** A length and so many bytes. */
export function encodeSized(bytes: Uint8Array): Uint8Array {
  return concat([encodeNumber(bytes.length), bytes]);
}

/** A whole number of 32 bits. */
export function encodeNumber(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads the payload of a record from its beginning. A number that is not there throws `internal`. */
export class PayloadReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(): number {
    const bytes = this.bytes(8);
    if (bytes.length < 8) throw cutShort();
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  address(): SocketAddress {
    const [low = 0, high = 0, length = 0] = this.bytes(3);
    return { ip: decoder.decode(this.bytes(length)), port: low + high * 256 };
  }

  bytes(count: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  /** The rest as a text that is safe to print: no control characters, 256 characters at most. */
  text(): string {
    return printable(decoder.decode(this.rest()));
  }
}

/** Without control, format and private characters, and at most 256 characters long. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, "").slice(0, 256);
}
