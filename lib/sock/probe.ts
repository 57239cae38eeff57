// The probes of pollen/1: one byte that says whether it asks or answers, and a nonce of 16 bytes that
// an answer repeats. Whoever sees the question can answer it: that a peer is the right one is for
// the handshake that follows.

/** Bytes of a probe's nonce. */
export const PROBE_NONCE_BYTES = 16;

/** Bytes of a probe. */
export const PROBE_BYTES = 1 + PROBE_NONCE_BYTES;

const FIRST_BYTE = { ask: 0x01, answer: 0x02 } as const;

export interface Probe {
  readonly kind: keyof typeof FIRST_BYTE;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
}

/** The probe as bytes. */
export function encodeProbe({ kind, nonce }: Probe): Uint8Array {
  const bytes = new Uint8Array(PROBE_BYTES);
  bytes[0] = FIRST_BYTE[kind];
  bytes.set(nonce, 1);
  return bytes;
}

/** Null for bytes that are no probe. */
export function decodeProbe(bytes: Uint8Array): Probe | null {
  if (bytes.length !== PROBE_BYTES) return null;
  const nonce = bytes.subarray(1);
  if (bytes[0] === FIRST_BYTE.ask) return { kind: "ask", nonce };
  return bytes[0] === FIRST_BYTE.answer ? { kind: "answer", nonce } : null;
}
