// How long the certificates that this node issues are valid. Zero or absent means the default;
// negative values never get this far.

import { PollenError } from "../types/mod.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Lifetimes in milliseconds; 0 or absent: the default. */
export interface CertTtlsFields {
  /** Of memberships. Default 365 days. */
  readonly membershipMs?: number;
  /** Of administrators' certificates. Default 5 × 365 days. */
  readonly adminMs?: number;
  /** Of the TLS certificates of a node. Default 10 × 365 days. */
  readonly tlsIdentityMs?: number;
}

/** The defaults of pollen/1: one year, five, ten. */
export const DEFAULT_TTLS_MS = {
  membershipMs: 365 * DAY_MS,
  adminMs: 5 * 365 * DAY_MS,
  tlsIdentityMs: 10 * 365 * DAY_MS,
} as const;

/** The names of the lifetimes in config.yaml. */
export const TTL_NAMES = {
  membership: "membershipMs",
  admin: "adminMs",
  tlsIdentity: "tlsIdentityMs",
} as const;

/** Lifetimes of certificates. */
export class CertTtls {
  /** What was set; what was not is absent. */
  readonly fields: CertTtlsFields;

  /**
   * The given lifetimes, and the defaults for the others.
   *
   * @throws {PollenError} `invalid_argument` for a lifetime that is negative or no number.
   */
  constructor(fields: CertTtlsFields = {}) {
    const set: { -readonly [K in keyof CertTtlsFields]: number } = {};
    for (const [name, field] of Object.entries(TTL_NAMES)) {
      const value = fields[field] ?? 0;
      if (!(value >= 0)) {
        throw new PollenError("invalid_argument", `certTTLs.${name} must be >= 0.`, {
          fix: "Leave it out for the default.",
        });
      }
      if (value > 0) set[field] = value;
    }
    this.fields = set;
  }

  /** Lifetime of a membership, in milliseconds. Default 365 days. */
  membershipTtl(): number {
    return this.fields.membershipMs ?? DEFAULT_TTLS_MS.membershipMs;
  }

  /** Lifetime of an administrator's certificate, in milliseconds. Default 5 × 365 days. */
  adminTtl(): number {
    return this.fields.adminMs ?? DEFAULT_TTLS_MS.adminMs;
  }

  /** Lifetime of the self-signed TLS certificate, in milliseconds. Default 10 × 365 days. */
  tlsIdentityTtl(): number {
    return this.fields.tlsIdentityMs ?? DEFAULT_TTLS_MS.tlsIdentityMs;
  }
}
