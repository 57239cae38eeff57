// How a test asks for a failure: by its code, never by its words.

import { type ErrorCode, PollenError } from "../../../lib/types/mod.ts";

/** Whether what was thrown is a PollenError with this code. */
export function isPollenError(code: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof PollenError && error.code === code;
}
