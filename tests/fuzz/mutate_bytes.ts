// Bytes that are almost right: what is taken apart as protobuf or DER, changed in one of its parts and
// put together again, lengths included, so that a change is found deep inside a decoder and not at
// its door.

import type { Seeded } from "../support/seeded.ts";

/** One element of a message: a field of protobuf, or a DER value. */
interface Element {
  /** What stands before the content: a protobuf tag, or a DER tag. */
  readonly tag: ArrayLike<number>;
  /** A length stands before the content. */
  readonly isSized: boolean;
  readonly content: Uint8Array | readonly Element[];
}

type Form = "protobuf" | "der";

/** How deep elements are taken apart. */
const DEPTH_MAX = 8;
/** Inputs are not mutated beyond this; what is larger is refused at the door anyway. */
const INPUT_BYTES_MAX = 16_384;

const BOUNDARIES = [
  0n,
  1n,
  127n,
  128n,
  65_535n,
  65_536n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** A changed copy of one of the samples. */
export function mutateBytes(
  samples: readonly Uint8Array[],
  form: Form,
  seeded: Seeded,
): Uint8Array {
  const { draw, pick } = seeded;
  let bytes = pick(samples);
  for (let changes = 1 + draw(3); changes > 0; changes--) {
    const elements = draw(4) === 0 ? null : takeApart(bytes, form, 0);
    bytes = elements === null || elements.length === 0
      ? changeRaw(bytes, pick(samples), seeded)
      : putTogether(changeElements(elements, form, seeded), form);
    if (bytes.length > INPUT_BYTES_MAX) bytes = bytes.slice(0, INPUT_BYTES_MAX);
  }
  return bytes;
}

function changeRaw(bytes: Uint8Array, other: Uint8Array, seeded: Seeded): Uint8Array {
  const { draw } = seeded;
  const at = draw(bytes.length + 1);
  switch (draw(6)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return concat([bytes.slice(0, at), seeded.bytes(1 + draw(8)), bytes.slice(at)]);
    case 2:
      return concat([bytes.slice(0, at), other.slice(draw(other.length + 1))]);
    case 3:
      return concat([bytes.slice(0, at), bytes.slice(at + 1 + draw(8))]);
    case 4:
      return seeded.bytes(draw(64));
    default: {
      const flipped = bytes.slice();
      if (flipped.length > 0) flipped[draw(flipped.length)]! ^= 1 << draw(8);
      return flipped;
    }
  }
}

function changeElements(elements: readonly Element[], form: Form, seeded: Seeded): Element[] {
  const { draw } = seeded;
  const at = draw(elements.length);
  const target = elements[at]!;
  const replace = (...by: Element[]) => elements.toSpliced(at, 1, ...by);
  if (typeof target.content[0] === "object" && draw(4) > 0) {
    const inner = target.content as readonly Element[];
    return replace({ ...target, content: changeElements(inner, form, seeded) });
  }
  switch (draw(8)) {
    case 0:
      return replace();
    case 1:
      return replace(...Array<Element>(2 + draw(20)).fill(target));
    case 2:
      return elements.toSpliced(draw(elements.length), 0, target);
    case 3:
      return replace({ ...target, tag: form === "der" ? [draw(256)] : varint(BigInt(draw(512))) });
    case 4:
      return replace(nest(target, 1 + draw(200)));
    case 5:
      return replace({ ...target, content: seeded.bytes(draw(80)) });
    case 6:
      if (!target.isSized) {
        return replace({ ...target, content: Uint8Array.from(varint(seeded.pick(BOUNDARIES))) });
      }
      return replace({ ...target, content: new Uint8Array(0) });
    default:
      // A length that is none: giant, or of more bytes than it needs.
      return replace({
        tag: [...Array.from(target.tag), ...varint(seeded.pick(BOUNDARIES))],
        isSized: false,
        content: target.content,
      });
  }
}

function nest(element: Element, depth: number): Element {
  let nested = element;
  for (let level = 0; level < depth; level++) {
    nested = { tag: element.tag, isSized: true, content: [nested] };
  }
  return nested;
}

/** The elements that fill the bytes exactly; null when they are not of this form. */
function takeApart(bytes: Uint8Array, form: Form, depth: number): Element[] | null {
  if (bytes.length === 0 || depth > DEPTH_MAX) return null;
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const read = form === "der" ? readDer(bytes, at) : readField(bytes, at);
    if (read === null) return null;
    const { tag, isSized, start, end } = read;
    const content = bytes.subarray(start, end);
    const isNested = isSized && (form === "protobuf" || (tag[0]! & 0x20) !== 0 || tag[0] === 4);
    elements.push({
      tag,
      isSized,
      content: isNested ? takeApart(content, form, depth + 1) ?? content : content,
    });
    at = end;
  }
  return elements;
}

interface Extent {
  readonly tag: ArrayLike<number>;
  readonly isSized: boolean;
  readonly start: number;
  readonly end: number;
}

function readField(bytes: Uint8Array, at: number): Extent | null {
  const tagEnd = varintEnd(bytes, at);
  if (tagEnd === null) return null;
  const tag = bytes.subarray(at, tagEnd);
  const wireType = tag[0]! & 7;
  if (wireType === 0) {
    const end = varintEnd(bytes, tagEnd);
    return end === null ? null : { tag, isSized: false, start: tagEnd, end };
  }
  if (wireType !== 2) return null;
  const start = varintEnd(bytes, tagEnd);
  if (start === null || start - tagEnd > 3) return null;
  let length = 0;
  for (let part = start - 1; part >= tagEnd; part--) length = length * 128 + (bytes[part]! & 127);
  const end = start + length;
  return end > bytes.length ? null : { tag, isSized: true, start, end };
}

function readDer(bytes: Uint8Array, at: number): Extent | null {
  const first = bytes[at + 1];
  if (first === undefined) return null;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 2) return null;
  const start = at + 2 + lengthBytes;
  const length = lengthBytes === 0
    ? first
    : bytes.slice(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  const end = start + length;
  return end > bytes.length ? null : { tag: [bytes[at]!], isSized: true, start, end };
}

function putTogether(elements: readonly Element[], form: Form): Uint8Array {
  const writer = new BackwardWriter();
  prepend(elements, form, writer);
  return writer.finish();
}

function prepend(elements: readonly Element[], form: Form, writer: BackwardWriter): void {
  for (let index = elements.length - 1; index >= 0; index--) {
    const { tag, isSized, content } = elements[index]!;
    const { length: before } = writer;
    if (content instanceof Uint8Array) writer.prepend(content);
    else prepend(content as readonly Element[], form, writer);
    const length = writer.length - before;
    if (isSized) writer.prepend(form === "der" ? derLength(length) : varint(BigInt(length)));
    writer.prepend(tag);
  }
}

/** Collects bytes from the last to the first: what a length counts is there before it is written. */
class BackwardWriter {
  /** There are millions of inputs: the room is used again and again. */
  static #room = new Uint8Array(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  prepend(bytes: ArrayLike<number>): void {
    while (this.#length + bytes.length > BackwardWriter.#room.length) {
      const larger = new Uint8Array(BackwardWriter.#room.length * 2);
      larger.set(BackwardWriter.#room, BackwardWriter.#room.length);
      BackwardWriter.#room = larger;
    }
    this.#length += bytes.length;
    BackwardWriter.#room.set(bytes, BackwardWriter.#room.length - this.#length);
  }

  finish(): Uint8Array {
    return BackwardWriter.#room.slice(BackwardWriter.#room.length - this.#length);
  }
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function varintEnd(bytes: Uint8Array, at: number): number | null {
  for (let end = at; end < bytes.length && end < at + 10; end++) {
    if (bytes[end]! < 128) return end + 1;
  }
  return null;
}

function derLength(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8 & 0xff, length & 0xff];
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
