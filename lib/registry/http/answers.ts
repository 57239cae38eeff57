// Plain answers: errors are text, as clients of Orchion expect them.

import { PollenError } from "../../types/mod.ts";

const STATUS_OF: Readonly<Partial<Record<PollenError["code"], number>>> = {
  invalid_argument: 400,
  malformed: 400,
  unauthenticated: 401,
  permission_denied: 403,
  refused: 403,
  not_found: 404,
  timeout: 408,
  too_large: 413,
  exhausted: 429,
  unavailable: 503,
  io: 503,
};

/** A text with a line's end. */
export function plain(
  text: string,
  status: number,
  headers: Record<string, string> = {},
): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

/** What a failure is in HTTP. Null for one that is a defect of ours. */
export function refusal(thrown: unknown): Response | null {
  if (!(thrown instanceof PollenError)) return null;
  const status = STATUS_OF[thrown.code];
  if (status === undefined) return null;
  return plain(thrown.text, status, status === 401 ? { "www-authenticate": "Bearer" } : {});
}

/** JSON that is made already. */
export function json(body: string | Uint8Array<ArrayBuffer>): Response {
  return new Response(body, {
    headers: { "content-type": "application/json", "x-content-type-options": "nosniff" },
  });
}
