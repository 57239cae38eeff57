// Targets by the form of what they decode: bytes, text, the bytes of a text.

import { mutateBytes } from "./mutate_bytes.ts";
import { mutateText } from "./mutate_text.ts";
import type { Target } from "./target.ts";

/** A decoder of bytes in the form of protobuf or DER; the latter also for fields at fixed places. */
export function ofBytes<T>(
  name: string,
  form: "protobuf" | "der",
  valid: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => T,
  again?: (value: Awaited<T>) => unknown,
): Target {
  return {
    name,
    input: (seeded) => mutateBytes(valid, form, seeded),
    decode: decode as Target["decode"],
    ...(again === undefined ? {} : { again: again as NonNullable<Target["again"]> }),
  };
}

/** A decoder of text. */
export function ofText<T>(
  name: string,
  valid: readonly string[],
  decode: (text: string) => T,
  again?: (value: Awaited<T>) => unknown,
): Target {
  return {
    name,
    input: (seeded) => mutateText(valid, seeded),
    decode: decode as Target["decode"],
    ...(again === undefined ? {} : { again: again as NonNullable<Target["again"]> }),
  };
}

/** A decoder of the bytes of a text. */
export function ofTextBytes<T>(
  name: string,
  valid: readonly string[],
  decode: (bytes: Uint8Array<ArrayBuffer>) => T,
  again?: (value: Awaited<T>) => unknown,
): Target {
  const encoder = new TextEncoder();
  return ofText(name, valid, (text) => decode(encoder.encode(text)), again);
}
