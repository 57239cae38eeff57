// HTTP with the router itself and nobody else: no name is resolved, no redirect followed, no proxy
// asked; time and bytes are bounded.

import { request } from "node:http";
import {
  PollenError,
  ROUTER_HTTP_TIMEOUT_MS,
  ROUTER_URL_LENGTH_MAX,
  ROUTER_XML_LENGTH_MAX,
} from "../types/mod.ts";

/** A place on the router. */
export interface RouterUrl {
  readonly ip: string;
  readonly port: number;
  readonly path: string;
}

/** What is sent: without a body it is a GET, with one a POST. */
export interface RouterRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * The place that a text from the router names, if that is on the router.
 *
 * @param base What a relative text is relative to.
 * @throws {PollenError} `refused` for any other place.
 */
export function routerUrl(text: string, routerIp: string, base?: RouterUrl): RouterUrl {
  const origin = base === undefined ? undefined : `http://${base.ip}:${base.port}${base.path}`;
  const url = text.length <= ROUTER_URL_LENGTH_MAX ? URL.parse(text, origin) : null;
  if (url === null || url.protocol !== "http:" || url.hostname !== routerIp) {
    throw new PollenError("refused", "The router names a place that is not on the router.");
  }
  return { ip: routerIp, port: Number(url.port || 80), path: `${url.pathname}${url.search}` };
}

/**
 * Asks the router.
 *
 * @throws {PollenError} `unreachable`, `too_large`, `cancelled`.
 */
export async function askRouter(
  { ip, port, path }: RouterUrl,
  { headers = {}, body }: RouterRequest,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const answer = Promise.withResolvers<{ status: number; text: string }>();
  const message = request({
    host: ip,
    port,
    path,
    method: body === undefined ? "GET" : "POST",
    headers: { ...headers, connection: "close" },
    agent: false,
  });
  const fail = (code: "unreachable" | "too_large" | "cancelled", text: string, cause?: unknown) => {
    answer.reject(new PollenError(code, text, { cause }));
    message.destroy();
  };
  const withdraw = () => fail("cancelled", "The router is not asked any more.");
  const timer = setTimeout(
    () => fail("unreachable", "The router does not answer by HTTP in time."),
    ROUTER_HTTP_TIMEOUT_MS,
  );
  message.on("error", (error) => fail("unreachable", "The router does not speak HTTP.", error));
  message.on("response", (response) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    response.on("error", (error) => fail("unreachable", "The router broke off.", error));
    response.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > ROUTER_XML_LENGTH_MAX) return fail("too_large", "The router sends without end.");
      chunks.push(chunk);
    });
    response.on("end", async () => {
      const text = await new Blob(chunks as BlobPart[]).text();
      answer.resolve({ status: response.statusCode ?? 0, text });
    });
  });
  signal.addEventListener("abort", withdraw, { once: true });
  if (signal.aborted) withdraw();
  else message.end(body);
  try {
    return await answer.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", withdraw);
  }
}
