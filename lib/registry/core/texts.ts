// What a text of a node may be, whoever tells it: an agent, or another machine's registry.

import { ID_BYTES_MAX, TEXT_BYTES_MAX } from "../limits.ts";

const encoder = new TextEncoder();

/** What is wrong with a text, as the end of a sentence about it; null for nothing. */
export function textProblem(text: string, bytesMax = TEXT_BYTES_MAX): string | null {
  // No character takes more than three bytes of each of its UTF-16 units.
  if (text.length * 3 > bytesMax && encoder.encode(text).length > bytesMax) {
    return `is longer than ${bytesMax} bytes`;
  }
  return text.includes("\0") ? "contains a zero character" : null;
}

/** What is wrong with an id. */
export function idProblem(id: string): string | null {
  return id === "" ? "is required" : textProblem(id, ID_BYTES_MAX);
}
