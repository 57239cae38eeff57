// What the generated codecs stand on: protobufjs' Reader and Writer, with 64-bit numbers as bigint
// (no loss above 2^53), strict UTF-8, and bounds on what a decoder takes. Encoding is canonical:
// fields in ascending order, defaults left out, map keys sorted; signatures rely on that.

import type { Reader, Writer } from "protobufjs/minimal.js";
import protobuf from "protobufjs/minimal.js";
import { PollenError, PROTO_BYTES_MAX, PROTO_ELEMENTS_MAX } from "../types/mod.ts";

export type { Reader, Writer };

/** Bounds of one decoding. */
export interface DecodeLimits {
  /** The most bytes of the whole message. Default 1 MiB. */
  readonly bytes?: number;
  /** The most elements of all lists and maps of the message together. Default 65 536. */
  readonly elements?: number;
}

const VARINT_BYTES_MAX = 10;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Encoding and decoding of one message type. */
export interface Codec<T> {
  /** The full name, `package.Message`. */
  readonly typeName: string;
  /** The message with these fields, the others at their defaults. */
  create(fields?: Partial<T>): T;
  /** Canonical bytes. */
  encode(message: T): Uint8Array<ArrayBuffer>;
  /**
   * Unknown fields are ignored.
   *
   * @throws {PollenError} `malformed` for bytes that are no such message, `too_large` beyond the limits.
   */
  decode(bytes: Uint8Array, limits?: DecodeLimits): T;
}

/** One method of a service: one request, one response. */
export interface Method<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** What it is asked with. */
  readonly request: Codec<Request>;
  /** What it answers with. */
  readonly response: Codec<Response>;
  readonly requestStream: false;
  readonly responseStream: false;
}

/** A method whose answers follow each other in one call, for one request or for many. */
export interface StreamMethod<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** What it is asked with. */
  readonly request: Codec<Request>;
  /** What it answers with. */
  readonly response: Codec<Response>;
  /** Whether many requests follow each other in one call. */
  readonly requestStream: boolean;
  readonly responseStream: true;
}

/** What a decoding has left to spend. */
export interface Budget {
  elements: number;
}

/** Counts one element of a list or map. */
export function spend(budget: Budget): void {
  if (budget.elements-- <= 0) {
    throw new PollenError("too_large", "The message has too many elements.");
  }
}

/** Builds the codec of a message from its generated parts. */
export function codec<T extends object>(
  typeName: string,
  defaults: () => T,
  write: (writer: Writer, message: T) => void,
  read: (reader: Reader, end: number, budget: Budget) => T,
): Codec<T> {
  return {
    typeName,
    create: (fields = {}) => ({ ...defaults(), ...fields }),
    encode(message) {
      const writer = protobuf.Writer.create();
      write(writer, message);
      return new Uint8Array(writer.finish());
    },
    decode(bytes, limits = {}) {
      if (bytes.length > (limits.bytes ?? PROTO_BYTES_MAX)) {
        throw new PollenError("too_large", `${typeName} of ${bytes.length} bytes is too large.`);
      }
      try {
        const reader = new protobuf.Reader(bytes);
        return read(reader, bytes.length, { elements: limits.elements ?? PROTO_ELEMENTS_MAX });
      } catch (cause) {
        if (cause instanceof PollenError) throw cause;
        throw new PollenError("malformed", `These bytes are not a ${typeName}.`, { cause });
      }
    },
  };
}

/** The end of the submessage whose length comes next. */
export function subEnd(reader: Reader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("length beyond the end");
  return end;
}

/** Demands that a message ended exactly where its length said. */
export function finish(reader: Reader, end: number): void {
  if (reader.pos !== end) throw new RangeError("field beyond the end of its message");
}

/** Skips an unknown field. Groups are refused: nobody has sent them since proto2. */
export function skip(reader: Reader, tag: number): void {
  const wireType = tag & 7;
  if (wireType === 3 || wireType === 4 || wireType > 5 || tag >>> 3 === 0) {
    throw new RangeError("invalid tag");
  }
  reader.skipType(wireType);
}

/** A length-delimited field as text; invalid UTF-8 is an error, as proto3 demands. */
export function readString(reader: Reader): string {
  return utf8.decode(readBytes(reader));
}

/** A length-delimited field as bytes of its own, not a view of the input. */
export function readBytes(reader: Reader): Uint8Array<ArrayBuffer> {
  const end = subEnd(reader);
  const bytes = new Uint8Array(reader.buf.subarray(reader.pos, end));
  reader.pos = end;
  return bytes;
}

/** A varint of up to 64 bits, unsigned. */
export function readUint64(reader: Reader): bigint {
  let low = 0;
  let high = 0;
  for (let index = 0; index < VARINT_BYTES_MAX; index++) {
    if (reader.pos >= reader.len) throw new RangeError("varint beyond the end");
    const byte = reader.buf[reader.pos++]!;
    const bits = byte & 0x7f;
    if (index === VARINT_BYTES_MAX - 1 && byte > 1) throw new RangeError("varint beyond 64 bits");
    const shift = index * 7;
    if (shift < 32) low |= bits << shift;
    if (shift >= 28) high |= shift < 32 ? bits >>> (32 - shift) : bits << (shift - 32);
    if (byte < 0x80) return BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
  }
  throw new RangeError("varint beyond 64 bits");
}

/** A varint of up to 64 bits, two's complement. */
export function readInt64(reader: Reader): bigint {
  return BigInt.asIntN(64, readUint64(reader));
}

/** Writes the 64 low bits as a varint; for signed numbers these are their two's complement. */
export function writeUint64(writer: Writer, value: bigint): void {
  const bits = BigInt.asUintN(64, value);
  // The Writer wants an object of two halves; given a bigint it would silently write something else.
  const halves = { low: Number(bits & 0xffff_ffffn), high: Number(bits >> 32n), unsigned: true };
  writer.uint64(halves as unknown as number);
}
