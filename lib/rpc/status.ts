// PollenErrors across gRPC. The status number is for foreign clients; between our own programs the
// whole error travels in the trailer `pollen-error-bin` as JSON, so that code, message, fix and
// details arrive as they were. Causes and stacks never leave the process.

import {
  ERROR_TRAILER_BYTES_MAX,
  type ErrorCode,
  GRPC_STATUS_OF,
  isErrorCode,
  PollenError,
} from "../types/mod.ts";

/** The trailer's name; `-bin` makes gRPC carry bytes. */
export const ERROR_TRAILER = "pollen-error-bin";

/** Characters of a text that is cut because the whole does not fit: both together, in the longest UTF-8, fit. */
const CUT_TEXT_LENGTH = 1_000;

const STATUS_DEADLINE_EXCEEDED = 4;
const STATUS_RESOURCE_EXHAUSTED = 8;

/** The code for a status that came without our trailer. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  1: "cancelled",
  3: "invalid_argument",
  [STATUS_DEADLINE_EXCEEDED]: "timeout",
  5: "not_found",
  6: "already_exists",
  7: "permission_denied",
  [STATUS_RESOURCE_EXHAUSTED]: "exhausted",
  9: "failed_precondition",
  10: "reset",
  12: "unsupported",
  14: "unavailable",
  16: "unauthenticated",
};

/** An error in gRPC's words. */
export interface Status {
  readonly code: number;
  readonly details: string;
  readonly trailer: Uint8Array | undefined;
}

/** What the caller gets to see of anything a handler threw: our own errors as they are, others as `internal`. */
export function toPublicError(thrown: unknown): PollenError {
  if (thrown instanceof PollenError) return thrown;
  return new PollenError("internal", "Something went wrong inside pollen.", {
    fix: "The daemon's log says what.",
    cause: thrown,
  });
}

/** The status and trailer of an error. */
export function encodeError(error: PollenError): Status {
  return {
    code: GRPC_STATUS_OF[error.code],
    // grpc-js percent-encodes it and throws at half a surrogate pair.
    details: error.message.slice(0, CUT_TEXT_LENGTH).toWellFormed(),
    trailer: encodeTrailer(error),
  };
}

function encodeTrailer(error: PollenError): Uint8Array {
  const { code, message, fix, details } = error;
  const whole = new TextEncoder().encode(JSON.stringify({ code, message, fix, details }));
  if (whole.length <= ERROR_TRAILER_BYTES_MAX) return whole;
  const cut = {
    code,
    message: message.slice(0, CUT_TEXT_LENGTH),
    fix: fix?.slice(0, CUT_TEXT_LENGTH / 4),
  };
  return new TextEncoder().encode(JSON.stringify(cut));
}

/** The error that a status and its trailer stand for. A trailer that is not ours is ignored. */
export function decodeError(status: Status): PollenError {
  const carried = status.trailer === undefined ? null : decodeTrailer(status.trailer);
  if (carried !== null) return carried;
  const tooLarge = status.code === STATUS_RESOURCE_EXHAUSTED && /larger than/.test(status.details);
  const code = tooLarge ? "too_large" : CODE_OF_STATUS[status.code] ?? "internal";
  if (code === "timeout") return new PollenError(code, "The call was not answered in time.");
  return new PollenError(code, sentence(status.details));
}

function decodeTrailer(bytes: Uint8Array): PollenError | null {
  if (bytes.length > ERROR_TRAILER_BYTES_MAX) return null;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value !== "object" || value === null) return null;
    const { code, message, fix, details } = value as Record<string, unknown>;
    if (!isErrorCode(code) || typeof message !== "string") return null;
    return new PollenError(code, message, {
      ...(typeof fix === "string" ? { fix } : {}),
      details: plainFacts(details),
    });
  } catch {
    return null;
  }
}

function plainFacts(value: unknown): Record<string, string | number | boolean> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).filter((
    entry,
  ): entry is [string, string | number | boolean] =>
    ["string", "boolean"].includes(typeof entry[1]) || Number.isFinite(entry[1])
  ).map(([name, fact]) => [name, fact === 0 ? 0 : fact] as const); // JSON has no infinity, and one zero.
  return Object.fromEntries(entries);
}

/** The text of a foreign status as a sentence with its full stop. */
function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "The other side gave no reason.";
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
