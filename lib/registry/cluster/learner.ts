// Takes what other machines' registries tell of their agents. Where several tell of one, the one that
// heard it last counts: an agent that has turned to another registry is that one's.
//
// Invariants: an agent that is heard here is nobody else's; what a machine no longer tells is
// forgotten, unless it comes again within seconds, as after a restart; a moment in the future counts
// as the moment at which it was told.

import type { AgentEntry } from "../../proto/mod.ts";
import { addMs, type Clock, type MonotonicMs, type WallMs } from "../../types/mod.ts";
import { FORGET_DELAY_MS } from "../limits.ts";
import type { Registry } from "../registry.ts";
import { recordOf, tellSame } from "./entries.ts";
import type { ClusterPage, ClusterPages } from "./pages.ts";
import type { NodeRecord } from "../core/record.ts";

/** What one machine tells of one agent. */
interface Claim {
  readonly page: number;
  readonly entry: AgentEntry;
  readonly record: NodeRecord;
}

export interface LearnerDeps {
  readonly registry: Registry;
  readonly pages: ClusterPages;
  readonly clock: Clock;
}

export class Learner {
  readonly #deps: LearnerDeps;
  /** By agent and machine. */
  readonly #claims = new Map<string, Map<string, Claim>>();
  /** The agents of each page, as it was looked at last. */
  readonly #pages = new Map<string, readonly string[]>();
  /** Agents of whom a machine told, and tells no more. */
  readonly #missing = new Map<string, { readonly author: string; readonly since: MonotonicMs }>();

  constructor(deps: LearnerDeps) {
    this.#deps = deps;
  }

  /** Looks at a page of another machine that is new, or gone. */
  read({ author, page }: ClusterPage): void {
    const { pages, clock } = this.#deps;
    const name = `${author} ${page}`;
    const entries = pages.get({ author, page }) ?? [];
    const now = clock.wallNow();
    for (const entry of entries) this.#claim(author, page, entry, now);
    const told = new Set(entries.map(({ id }) => id));
    for (const id of this.#pages.get(name) ?? []) if (!told.has(id)) this.#drop(id, author, page);
    if (told.size > 0) this.#pages.set(name, [...told]);
    else this.#pages.delete(name);
  }

  /** Hears those whose holder is there, and forgets those of whom nobody tells any more. */
  look(): void {
    const { registry, pages, clock } = this.#deps;
    const present = new Map<string, boolean>();
    for (const claims of this.#claims.values()) {
      const record = winnerOf(claims);
      const { via } = record;
      if (!present.has(via)) present.set(via, pages.isPresent(via));
      // What is known here no more was forgotten here, and is not news before it changes.
      if (present.get(via) && registry.find(record.id) !== null) registry.learn(record, true);
    }
    const now = clock.monotonicNow();
    for (const [id, { author, since }] of this.#missing) {
      if (now < addMs(since, FORGET_DELAY_MS)) continue;
      this.#missing.delete(id);
      registry.unlearn(id, author);
    }
  }

  #claim(author: string, page: number, entry: AgentEntry, now: WallMs): void {
    const claims = this.#claims.get(entry.id) ?? new Map<string, Claim>();
    const before = claims.get(author);
    const isSame = before !== undefined && tellSame(before.entry, entry) &&
      before.entry.lastSeenMs === entry.lastSeenMs;
    const record = isSame ? before.record : recordOf(entry, author);
    if (record === null) return;
    const lastSeenMs = record.lastSeenMs < now ? record.lastSeenMs : now;
    claims.set(author, { page, entry, record: isSame ? record : { ...record, lastSeenMs } });
    this.#claims.set(entry.id, claims);
    this.#missing.delete(entry.id);
    if (!isSame) this.#deps.registry.learn(winnerOf(claims), false);
  }

  #drop(id: string, author: string, page: number): void {
    const claims = this.#claims.get(id);
    // It may stand on another page of the same machine by now.
    if (claims?.get(author)?.page !== page) return;
    claims.delete(author);
    if (claims.size > 0) return this.#deps.registry.learn(winnerOf(claims), false);
    this.#claims.delete(id);
    this.#missing.set(id, { author, since: this.#deps.clock.monotonicNow() });
  }
}

/** Of whom it was heard last; where that is the same moment, all decide alike. */
function winnerOf(claims: ReadonlyMap<string, Claim>): NodeRecord {
  let winner: NodeRecord | null = null;
  for (const { record } of claims.values()) {
    if (
      winner === null || record.lastSeenMs > winner.lastSeenMs ||
      record.lastSeenMs === winner.lastSeenMs && record.via > winner.via
    ) winner = record;
  }
  return winner!;
}
