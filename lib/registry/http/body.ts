// The body of a request, read before anything looks at it: of bounded length, and in bounded time,
// so that nobody holds a connection's memory by sending slowly.

import { type Clock, PollenError } from "../../types/mod.ts";
import { BODY_BYTES_MAX, BODY_TIMEOUT_MS } from "../limits.ts";

/**
 * The same request with its body at hand.
 *
 * @throws {PollenError} `too_large`, or `timeout` when it is not there after 5 s.
 */
export async function withBody(request: Request, clock: Clock): Promise<Request> {
  if (request.body === null) return request;
  const reader = request.body.getReader();
  const overdue = Promise.withResolvers<never>();
  const stopTimer = clock.setTimer(BODY_TIMEOUT_MS, () => {
    overdue.reject(new PollenError("timeout", "The request's body did not come in time."));
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), overdue.promise]);
      if (done) break;
      length += value.length;
      if (length > BODY_BYTES_MAX) {
        throw new PollenError("too_large", `The body is longer than ${BODY_BYTES_MAX} bytes.`);
      }
      chunks.push(value);
    }
  } catch (thrown) {
    reader.cancel().catch(() => {});
    throw thrown;
  } finally {
    stopTimer();
  }
  const { method, headers, url } = request;
  return new Request(url, { method, headers, body: await new Blob(chunks as BlobPart[]).bytes() });
}
