// Messages on a stream: each after its length, four bytes, big-endian. A length beyond the bound is
// refused before anything is kept of the message.

import { PollenError } from "../types/mod.ts";

const LENGTH_BYTES = 4;

/** Messages, each with its length before it. */
export function framed(...messages: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, message) => sum + framedLength(message), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const message of messages) {
    view.setUint32(at, message.length);
    bytes.set(message, at + LENGTH_BYTES);
    at += framedLength(message);
  }
  return bytes;
}

/** Bytes of a message with its length before it. */
export function framedLength(message: Uint8Array): number {
  return LENGTH_BYTES + message.length;
}

/** Puts messages together again from the pieces in which a stream delivers them. */
export class FrameSplitter {
  readonly #bytesMax: number;
  readonly #pieces: Uint8Array[] = [];
  /** Bytes of all pieces. */
  #held = 0;
  /** The length of the message that has begun; null while not all of its length is there. */
  #length: number | null = null;

  /** @param bytesMax The longest message that is taken. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * The messages that are complete with this piece.
   *
   * @throws {PollenError} `too_large`.
   */
  *push(piece: Uint8Array): Generator<Uint8Array> {
    this.#pieces.push(piece);
    this.#held += piece.length;
    while (true) {
      if (this.#length === null) {
        if (this.#held < LENGTH_BYTES) return;
        this.#length = this.#checked(new DataView(this.#take(LENGTH_BYTES).buffer).getUint32(0));
      }
      if (this.#held < this.#length) return;
      const message = this.#take(this.#length);
      this.#length = null;
      yield message;
    }
  }

  #checked(length: number): number {
    if (length <= this.#bytesMax) return length;
    throw new PollenError(
      "too_large",
      `A message of ${length} bytes was announced; at most ${this.#bytesMax} are taken.`,
    );
  }

  /** Each byte is copied once, however small the pieces are. */
  #take(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count);
    let filled = 0;
    let used = 0;
    while (filled < count) {
      const piece = this.#pieces[used]!;
      const part = piece.subarray(0, count - filled);
      bytes.set(part, filled);
      filled += part.length;
      if (part.length === piece.length) used++;
      else this.#pieces[used] = piece.subarray(part.length);
    }
    this.#pieces.splice(0, used);
    this.#held -= count;
    return bytes;
  }
}
