// Probes: packets of our own, beside QUIC, that ask whether a path of a session carries anything, and
// the answers. Both are authenticated by a secret that only the two ends of the session have, so
// that nobody else can cause or give an answer.
//
//   0      0x03: not QUIC, whose packets have the bit 0x40
//   1      1 asks, 2 answers
//   2…9    which session, by a number that follows from its secret
//   10…17  the number of the question, big-endian, which an answer repeats; it grows with each
//   18…33  HMAC-SHA256 over the above, cut to 16 bytes, under the key of the end that sends

import { createHmac, timingSafeEqual } from "node:crypto";

/** The first byte of a probe. */
export const PROBE_FIRST_BYTE = 0x03;

const TAG_BYTES = 8;
const MAC_BYTES = 16;
const SIGNED_BYTES = 2 + TAG_BYTES + 8;
const PROBE_BYTES = SIGNED_BYTES + MAC_BYTES;

const KINDS = { ask: 1, answer: 2 } as const;

/** A probe that was authenticated. */
export interface Probe {
  readonly kind: keyof typeof KINDS;
  /** The number of the question. */
  readonly number: bigint;
}

/** The session that a probe says it is of, as text; null for bytes that are no probe. */
export function probeTag(bytes: Uint8Array): string | null {
  if (bytes.length !== PROBE_BYTES || bytes[0] !== PROBE_FIRST_BYTE) return null;
  return bytes.subarray(2, 2 + TAG_BYTES).toHex();
}

/** Makes and reads the probes of one end of a session. */
export class ProbeCodec {
  /** What the session's probes are told by. */
  readonly tag: string;
  readonly #tag: Uint8Array;
  readonly #ours: Uint8Array;
  readonly #theirs: Uint8Array;

  /** @param isDialler Whether this end dialled. */
  constructor(secret: Uint8Array, isDialler: boolean) {
    const derive = (purpose: string) => hmac(secret, new TextEncoder().encode(purpose));
    this.#tag = derive("pollen/2 probe tag").subarray(0, TAG_BYTES);
    this.tag = this.#tag.toHex();
    const keys = [derive("pollen/2 probe dialled"), derive("pollen/2 probe accepted")];
    if (!isDialler) keys.reverse();
    [this.#ours, this.#theirs] = [keys[0]!, keys[1]!];
  }

  encode({ kind, number }: Probe): Uint8Array {
    const bytes = new Uint8Array(PROBE_BYTES);
    bytes.set([PROBE_FIRST_BYTE, KINDS[kind]]);
    bytes.set(this.#tag, 2);
    new DataView(bytes.buffer).setBigUint64(2 + TAG_BYTES, number);
    bytes.set(mac(this.#ours, bytes), SIGNED_BYTES);
    return bytes;
  }

  /** A probe of the other end; null for anything else. */
  decode(bytes: Uint8Array): Probe | null {
    if (probeTag(bytes) !== this.tag) return null;
    if (!timingSafeEqual(mac(this.#theirs, bytes), bytes.subarray(SIGNED_BYTES))) return null;
    const number = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(2 + TAG_BYTES);
    if (bytes[1] === KINDS.ask) return { kind: "ask", number };
    return bytes[1] === KINDS.answer ? { kind: "answer", number } : null;
  }
}

function mac(key: Uint8Array, probe: Uint8Array): Uint8Array {
  return hmac(key, probe.subarray(0, SIGNED_BYTES)).subarray(0, MAC_BYTES);
}

function hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(bytes).digest());
}
