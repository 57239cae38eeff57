// One question to the router and its answer over UDP: repeated while nothing comes, taken from nobody
// else, over in a bounded time.

import { createSocket } from "node:dgram";
import { PollenError } from "../types/mod.ts";
import type { Gateway } from "./types.ts";

/** Where routers listen for PCP and NAT-PMP (RFC 6887, section 19). */
const PORT = 5_351;
/** Milliseconds waited after each sending, doubling as RFC 6886, section 3.1, has it, but not for a minute. */
const WAITS_MS = [250, 500, 1_000];

/**
 * Asks until there is an answer.
 *
 * @param decode Returns null for what is no answer to this question; what it throws ends the exchange.
 * @throws {PollenError} `unreachable` when nothing answers in time, `cancelled`; what `decode` throws.
 */
export async function exchange<Answer>(
  { ip, localIp }: Gateway,
  question: Uint8Array,
  decode: (bytes: Uint8Array) => Answer | null,
  signal: AbortSignal,
): Promise<Answer> {
  const answer = Promise.withResolvers<Answer>();
  const socket = createSocket("udp4");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const fail = (code: "unreachable" | "cancelled", text: string, cause?: unknown) =>
    answer.reject(new PollenError(code, text, { cause }));
  const withdraw = () => fail("cancelled", "The router is not asked any more.");

  const waits = [...WAITS_MS];
  const ask = () => {
    const wait = waits.shift();
    if (wait === undefined) return fail("unreachable", "The router does not answer.");
    timer = setTimeout(ask, wait);
    socket.send(question, PORT, ip, (error) => {
      if (error) fail("unreachable", "The router cannot be asked.", error);
    });
  };
  socket.on("error", (error) => fail("unreachable", "The router cannot be asked.", error));
  socket.on("message", (bytes, { address, port }) => {
    if (address !== ip || port !== PORT) return;
    try {
      const decoded = decode(bytes);
      if (decoded !== null) answer.resolve(decoded);
    } catch (thrown) {
      answer.reject(thrown);
    }
  });
  signal.addEventListener("abort", withdraw, { once: true });
  if (signal.aborted) withdraw();
  else socket.bind(0, localIp, ask);
  try {
    return await answer.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", withdraw);
    socket.close();
  }
}
