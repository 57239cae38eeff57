// What one stranger can have all addresses of: one address of IPv4, a /64 of IPv6. Whatever is
// shared among strangers is counted by source, so that none of them can have it all.

import ipaddr from "ipaddr.js";
import { readWay } from "../types/mod.ts";

/** The source that an IP literal belongs to, as a text to compare by. */
export function sourceOf(ip: string): string {
  const literal = ip.split("%")[0]!;
  const way = readWay({ ip: literal, port: 0 });
  // A relay leads to one peer alone; all of them together would be one /64.
  if (way !== null) return way.kind === "socket" ? way.address.ip : literal;
  if (!ipaddr.isValid(literal)) return ip;
  const address = ipaddr.process(literal);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return address.parts.slice(0, 4).map((part) => part.toString(16)).join(":");
}

/** How many of something each source has. */
export class SourceCounts {
  readonly #counts = new Map<string, number>();

  /** How many the source has. */
  of(source: string): number {
    return this.#counts.get(source) ?? 0;
  }

  /** One more. */
  add(source: string): void {
    this.#counts.set(source, this.of(source) + 1);
  }

  /** One less; nothing when it has none. */
  remove(source: string): void {
    const left = this.of(source) - 1;
    if (left > 0) this.#counts.set(source, left);
    else this.#counts.delete(source);
  }
}
