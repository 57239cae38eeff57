// When a mapping is asked for, prolonged, given up and taken away. Pure: an input with its moment
// goes in, outputs come out, and a driver performs them. At most one request is under way.
//
//   input      what follows
//   gateway    another router: the old mapping is taken away there, and one is asked for here
//   mapped     it is prolonged when half of its life is over (RFC 6886, section 3.3; RFC 6887, 11.2.1)
//   failed     tried again: soon while a mapping lives, later and later without one
//   tick       what is due is asked for; what is overdue is over
//   stop       it is taken away

import { addMs, assertNever, isPort, type MonotonicMs, type PortMapping } from "../types/mod.ts";
import type { Gateway, Mapping } from "./types.ts";

/** Pauses after attempts without a mapping, doubling: routers learn it with an upgrade, if ever. */
const RETRY_MS_MIN = 30_000;
const RETRY_MS_MAX = 30 * 60_000;
/** The least pause before an attempt to prolong (RFC 6887, section 11.2.1). */
const RENEW_MS_MIN = 4_000;
/** The longest lifetime that is believed: a router restarts and forgets without a word. */
const LIFETIME_MS_MAX = 60 * 60_000;

export type MachineInput =
  | { readonly kind: "gateway"; readonly gateway: Gateway | null }
  | { readonly kind: "mapped"; readonly attempt: number; readonly mapping: Mapping }
  | { readonly kind: "failed"; readonly attempt: number }
  | { readonly kind: "tick" }
  | { readonly kind: "stop" };

export type MachineOutput =
  | {
    readonly kind: "request";
    readonly attempt: number;
    readonly gateway: Gateway;
    /** What is to be prolonged. */
    readonly previous: Mapping | null;
  }
  | { readonly kind: "remove"; readonly mapping: Mapping }
  /** Another mapping than before is in force, or none. */
  | { readonly kind: "changed"; readonly mapping: Mapping | null };

/** A mapping, and the moments that follow from when it was made. */
interface Lease {
  readonly mapping: Mapping;
  /** Null: until it is taken away. */
  readonly endsAt: MonotonicMs | null;
}

export class MappingMachine {
  /** Undefined while nobody has said. */
  #gateway: Gateway | null | undefined;
  #lease: Lease | null = null;
  /** The latest attempt; answers to earlier ones are of the past. */
  #attempt = 0;
  #isAsking = false;
  #failures = 0;
  #nextAt: MonotonicMs | null = null;
  #isStopped = false;

  /** The mapping in force. */
  get mapping(): Mapping | null {
    return this.#lease?.mapping ?? null;
  }

  /** `none`: there is no router, or it gave none; `searching` while that is not known. */
  get state(): PortMapping["state"] {
    if (this.#lease !== null) return "mapped";
    return this.#gateway === null || this.#failures > 0 ? "none" : "searching";
  }

  /** When `tick` is due at the latest; null for never. */
  get nextAt(): MonotonicMs | null {
    const endsAt = this.#lease?.endsAt ?? null;
    if (this.#nextAt === null || endsAt === null) return this.#nextAt ?? endsAt;
    return this.#nextAt < endsAt ? this.#nextAt : endsAt;
  }

  step(now: MonotonicMs, input: MachineInput): MachineOutput[] {
    switch (input.kind) {
      case "gateway":
        return this.#onGateway(now, input.gateway);
      case "mapped":
        return this.#onMapped(now, input.attempt, input.mapping);
      case "failed":
        return this.#onFailed(now, input.attempt);
      case "tick":
        return this.#onTick(now);
      case "stop":
        this.#isStopped = true;
        return this.#onGateway(now, null);
      default:
        return assertNever(input);
    }
  }

  #onGateway(now: MonotonicMs, gateway: Gateway | null): MachineOutput[] {
    if (this.#isStopped && gateway !== null) return [];
    const before = this.#gateway;
    if (
      before !== undefined && gateway?.ip === before?.ip && gateway?.localIp === before?.localIp
    ) {
      return [];
    }
    this.#gateway = gateway;
    this.#attempt++;
    this.#isAsking = false;
    this.#failures = 0;
    this.#nextAt = gateway === null ? null : now;
    const gone = this.#lease?.mapping;
    this.#lease = null;
    return [
      ...(gone === undefined ? [] : [
        { kind: "remove", mapping: gone } as const,
        { kind: "changed", mapping: null } as const,
      ]),
      ...this.#onTick(now),
    ];
  }

  #onMapped(now: MonotonicMs, attempt: number, mapping: Mapping): MachineOutput[] {
    // It came too late: nobody counts on it, so it goes.
    if (attempt !== this.#attempt) return [{ kind: "remove", mapping }];
    this.#isAsking = false;
    if (!isSound(mapping)) return this.#retry(now);
    this.#failures = 0;
    const before = this.#lease?.mapping.external;
    const lifetimeMs = Math.min(mapping.lifetimeMs ?? LIFETIME_MS_MAX, LIFETIME_MS_MAX);
    this.#lease = {
      mapping,
      endsAt: mapping.lifetimeMs === null ? null : addMs(now, mapping.lifetimeMs),
    };
    this.#nextAt = addMs(now, Math.max(lifetimeMs / 2, RENEW_MS_MIN));
    const { ip, port } = mapping.external;
    return before?.ip === ip && before.port === port ? [] : [{ kind: "changed", mapping }];
  }

  #onFailed(now: MonotonicMs, attempt: number): MachineOutput[] {
    if (attempt !== this.#attempt) return [];
    this.#isAsking = false;
    return this.#retry(now);
  }

  #retry(now: MonotonicMs): MachineOutput[] {
    this.#failures++;
    const growing = Math.min(RETRY_MS_MIN * 2 ** (this.#failures - 1), RETRY_MS_MAX);
    const endsAt = this.#lease?.endsAt ?? null;
    const pauseMs = endsAt === null ? growing : Math.max((endsAt - now) / 2, RENEW_MS_MIN);
    this.#nextAt = addMs(now, pauseMs);
    return [];
  }

  #onTick(now: MonotonicMs): MachineOutput[] {
    const outputs: MachineOutput[] = [];
    const endsAt = this.#lease?.endsAt ?? null;
    if (endsAt !== null && endsAt <= now) {
      this.#lease = null;
      outputs.push({ kind: "changed", mapping: null });
    }
    const gateway = this.#gateway ?? null;
    if (gateway === null || this.#isAsking || this.#nextAt === null || this.#nextAt > now) {
      return outputs;
    }
    this.#isAsking = true;
    this.#nextAt = null;
    const request = { kind: "request", attempt: ++this.#attempt, gateway } as const;
    return [...outputs, { ...request, previous: this.#lease?.mapping ?? null }];
  }
}

/** What a router may say and nobody can use: no port, or no time. */
function isSound({ external, lifetimeMs }: Mapping): boolean {
  return isPort(external.port) && (lifetimeMs === null || lifetimeMs > 0);
}
