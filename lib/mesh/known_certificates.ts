// What certificates say that were admitted before. Reading one takes longer than all checks of what
// it says, and a member shows the same one as long as its process runs and its membership lasts.
//
// Invariant: only what a certificate says is remembered, never that it was good: every check is made
// again each time. And only certificates that passed them are remembered, so that a stranger cannot
// push members out.

import { createHash } from "node:crypto";
import type { PeerCertificate } from "./certificate.ts";
import { KNOWN_CERTIFICATES_MAX } from "../types/mod.ts";

export class KnownCertificates {
  /** By the SHA-256 of the certificate. Insertion order is order of use. */
  readonly #known = new Map<string, PeerCertificate>();

  get size(): number {
    return this.#known.size;
  }

  /** What this very certificate says, if it is remembered. */
  recall(der: Uint8Array): PeerCertificate | null {
    const hash = fingerprint(der);
    const found = this.#known.get(hash);
    if (found === undefined) return null;
    this.#known.delete(hash);
    this.#known.set(hash, found);
    return found;
  }

  /** Remembers what a certificate says that was admitted. */
  remember(der: Uint8Array, says: PeerCertificate): void {
    const hash = fingerprint(der);
    if (!this.#known.has(hash) && this.#known.size >= KNOWN_CERTIFICATES_MAX) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(hash, says);
  }
}

/** What a certificate is told by: its SHA-256, in hexadecimal. */
export function fingerprint(der: Uint8Array): string {
  return createHash("sha256").update(der).digest("hex");
}
