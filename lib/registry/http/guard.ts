// What every request over HTTP has to pass before it is looked at: a name of this server that no
// foreign page can have given it, an origin that is this server's where something is changed, and a
// bounded number of requests.

import { isIpLiteral, PollenError } from "../../types/mod.ts";
import type { Clock } from "../../types/mod.ts";
import { REQUESTS_BURST, REQUESTS_PER_SECOND, SOURCES_COUNTED_MAX } from "../limits.ts";

/** What a guard knows of its server. */
export interface GuardOptions {
  /** Names in `Host` besides `localhost` and IP addresses, lower case, without port. */
  readonly allowedHosts: readonly string[];
  readonly clock: Clock;
}

interface Bucket {
  left: number;
  atMs: number;
}

/** Lets requests pass, or not. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /**
   * Looks at a request.
   *
   * @param source The IP address that it comes from.
   * @throws {PollenError} `refused`, `exhausted`.
   */
  check(request: Request, source: string): void {
    this.#checkRate(source);
    // HTTP/2 has it in the address instead (RFC 9113, section 8.3.1).
    const host = request.headers.get("host") ?? new URL(request.url).host;
    if (!this.#isOurs(host)) {
      throw new PollenError("refused", `This registry is not called "${host.slice(0, 100)}".`, {
        fix: "Use its IP address or localhost, or allow the name with --allow-host.",
      });
    }
    const origin = request.headers.get("origin");
    const changes = !["GET", "HEAD", "OPTIONS"].includes(request.method);
    // Programs send none, and no cookies either.
    const isOwn = origin === null ? !request.headers.has("cookie") : isSameOrigin(origin, host);
    if (changes && !isOwn) {
      throw new PollenError("refused", "Another site's page may not change anything here.");
    }
  }

  /** An IP address cannot be made to point here by whoever rules over a name. */
  #isOurs(host: string): boolean {
    const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1").toLowerCase();
    return name === "localhost" || isIpLiteral(name) || this.#options.allowedHosts.includes(name);
  }

  #checkRate(source: string): void {
    if (isLoopback(source)) return;
    const nowMs = this.#options.clock.monotonicNow();
    const bucket = this.#buckets.get(source) ?? { left: REQUESTS_BURST, atMs: nowMs };
    bucket.left = Math.min(
      REQUESTS_BURST,
      bucket.left + (nowMs - bucket.atMs) / 1000 * REQUESTS_PER_SECOND,
    );
    bucket.atMs = nowMs;
    if (!this.#buckets.has(source) && this.#buckets.size >= SOURCES_COUNTED_MAX) {
      this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    this.#buckets.set(source, bucket);
    if (bucket.left < 1) {
      throw new PollenError("exhausted", "Too many requests come from this address.", {
        fix: "Ask less often.",
      });
    }
    bucket.left--;
  }
}

function isSameOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** Whether the address is this machine's own. */
export function isLoopback(ip: string): boolean {
  return /^127\./.test(ip) || ip === "::1" || /^::ffff:127\./i.test(ip);
}
