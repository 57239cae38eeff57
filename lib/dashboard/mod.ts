// The registry's page, as files that are part of the program: what a browser gets at `/`. It talks
// to the HTTP API of the server that it came from, and to nobody else.

import { gzipSync } from "node:zlib";
import { type Asset, ASSETS } from "./gen/assets.ts";

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; " +
    "frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  // Asked for again each time, and answered by "not modified": no page of an older version stays.
  "cache-control": "no-cache",
  "vary": "accept-encoding",
};

/** The paths of the files. */
export const DASHBOARD_PATHS: readonly string[] = ASSETS.map(({ path }) => path);

/** One of the files. `path` is one of {@link DASHBOARD_PATHS}. */
export function dashboardFile(path: string, request: Request): Response {
  const asset = ASSETS.find((asset) => asset.path === path)!;
  const tag = `W/"${asset.hash}"`;
  const headers = { ...HEADERS, "content-type": asset.type, "etag": tag };
  const known = request.headers.get("if-none-match")?.split(",").map((text) => text.trim());
  if (known?.includes(tag)) return new Response(null, { status: 304, headers });
  if (!/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) {
    return new Response(asset.text, { headers });
  }
  return new Response(compressed(asset), { headers: { ...headers, "content-encoding": "gzip" } });
}

const kept = new Map<Asset, Uint8Array<ArrayBuffer>>();

/** Made when it is asked for first: most programs never serve a page. */
function compressed(asset: Asset): Uint8Array<ArrayBuffer> {
  let bytes = kept.get(asset);
  if (bytes === undefined) {
    bytes = new Uint8Array(gzipSync(asset.text));
    kept.set(asset, bytes);
  }
  return bytes;
}
