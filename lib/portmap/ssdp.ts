// Finding the router's UPnP description (SSDP, UPnP Device Architecture 1.1, section 1.3). Asked are
// the router itself and, for older ones, everybody on the link; believed is the router alone.

import { createSocket } from "node:dgram";
import { PollenError, SSDP_BYTES_MAX } from "../types/mod.ts";
import { type RouterUrl, routerUrl } from "./router_http.ts";
import type { Gateway } from "./types.ts";

const GROUP = "239.255.255.250";
const PORT = 1_900;
/** Milliseconds after which the question is repeated, and after which nobody is waited for. */
const REPEAT_MS = 800;
const TIMEOUT_MS = 2_500;

/** The kinds of device that are looked for. */
const DEVICES = [
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
];

function search(target: string): string {
  const lines = ["M-SEARCH * HTTP/1.1", `HOST: ${GROUP}:${PORT}`, 'MAN: "ssdp:discover"'];
  return [...lines, "MX: 1", `ST: ${target}`, "", ""].join("\r\n");
}

/**
 * Where the description is, from an answer of the router; null when it is about another thing.
 *
 * @throws {PollenError} `refused` when it is not on the router.
 */
export function decodeSsdp(bytes: Uint8Array, routerIp: string): RouterUrl | null {
  if (bytes.length > SSDP_BYTES_MAX) return null;
  const [status = "", ...lines] = new TextDecoder().decode(bytes).split(/\r?\n/);
  if (!/^HTTP\/1\.[01] 200\b/.test(status)) return null;
  const header = (name: string) =>
    lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim();
  const location = header("location");
  if (location === undefined || !DEVICES.includes(header("st") ?? "")) return null;
  return routerUrl(location, routerIp);
}

/** @throws {PollenError} `unreachable` when the router does not answer, `cancelled`, `refused`. */
export async function findDescription(
  { ip, localIp }: Gateway,
  signal: AbortSignal,
): Promise<RouterUrl> {
  const found = Promise.withResolvers<RouterUrl>();
  const socket = createSocket("udp4");
  const fail = (code: "unreachable" | "cancelled", text: string, cause?: unknown) =>
    found.reject(new PollenError(code, text, { cause }));
  const withdraw = () => fail("cancelled", "The router is not asked any more.");
  const ask = () => {
    for (const target of DEVICES) {
      for (const to of [ip, GROUP]) socket.send(search(target), PORT, to, () => {});
    }
  };
  socket.on("error", (error) => fail("unreachable", "The router cannot be asked.", error));
  socket.on("message", (bytes, { address }) => {
    if (address !== ip) return;
    try {
      const url = decodeSsdp(bytes, ip);
      if (url !== null) found.resolve(url);
    } catch (thrown) {
      found.reject(thrown);
    }
  });
  const timers = [
    setTimeout(() => ask(), REPEAT_MS),
    setTimeout(() => fail("unreachable", "The router does not answer by UPnP."), TIMEOUT_MS),
  ];
  signal.addEventListener("abort", withdraw, { once: true });
  if (signal.aborted) withdraw();
  else socket.bind(0, localIp, ask);
  try {
    return await found.promise;
  } finally {
    timers.forEach(clearTimeout);
    signal.removeEventListener("abort", withdraw);
    socket.close();
  }
}
