// Which of this registry's agents stands on which page, and which pages are due to be told. Pure.
//
// Invariants: what is told of an agent changes at most once in 30 s; that it came, went or came back
// is told at once, and takes along what else is due on its page; other facts wait until their page
// rested for 30 s. An agent stays on its page as long as it fits there.

import { AgentEntry } from "../../proto/mod.ts";
import {
  AGENT_PAGE_BYTES_MAX,
  AGENT_PAGES_PER_AUTHOR_MAX,
  AGENTS_PER_PAGE_MAX,
  type MonotonicMs,
} from "../../types/mod.ts";
import { TOLD_INTERVAL_MS } from "../limits.ts";
import { tellSame } from "./entries.ts";

/** Bytes of a page besides its agents: author, number, counter. */
const PAGE_HEAD_BYTES = 64;
/** Bytes around an entry. */
const ENTRY_HEAD_BYTES = 4;

interface Slot {
  readonly page: Page;
  /** What is told of the agent; null for nothing. */
  told: AgentEntry | null;
  /** When that changed last; null for never. */
  toldAt: MonotonicMs | null;
  wanted: AgentEntry | null;
  /** Of the larger of both. */
  bytes: number;
}

interface Page {
  readonly number: number;
  readonly slots: Map<string, Slot>;
  bytes: number;
  publishedAt: MonotonicMs | null;
  /** Whether others hold something on it that is not from here. */
  isContested: boolean;
}

/** A page to be told. */
export interface DuePage {
  readonly page: number;
  readonly agents: readonly AgentEntry[];
}

export class PagePlan {
  readonly #pages = new Map<number, Page>();
  readonly #slots = new Map<string, Slot>();
  /** Pages with something that is not told yet. */
  readonly #dirty = new Set<Page>();
  /** What has to move to another page for its size, once it may change. */
  readonly #moving = new Map<string, AgentEntry>();

  /**
   * What is to be told of an agent from now on; null for nothing.
   *
   * @returns False when there is no room for it.
   */
  want(id: string, entry: AgentEntry | null, now: MonotonicMs): boolean {
    this.#moving.delete(id);
    let slot = this.#slots.get(id);
    if (slot === undefined && entry === null) return true;
    if (slot !== undefined && tellSame(slot.wanted, entry)) return true;
    const bytes = bytesOf(entry);
    if (entry !== null && slot !== undefined && !hasRoom(slot.page, bytes - slot.bytes)) {
      if (!mayChange(slot, now)) {
        this.#moving.set(id, entry);
        return true;
      }
      this.#remove(id, slot);
      slot = undefined;
    }
    slot ??= this.#place(id, bytes);
    if (slot === undefined) return false;
    slot.wanted = entry;
    this.#measure(slot);
    this.#dirty.add(slot.page);
    return true;
  }

  /** Others hold something on this page that did not come from here. */
  contest(number: number): void {
    const page = this.#pages.get(number) ?? this.#add(number);
    page.isContested = true;
    this.#dirty.add(page);
  }

  /** The pages to tell now, at most so many. What they say counts as told. */
  take(now: MonotonicMs, pagesMax: number): DuePage[] {
    for (const [id, entry] of [...this.#moving]) this.want(id, entry, now);
    const due: DuePage[] = [];
    for (const page of this.#dirty) {
      if (due.length >= pagesMax) break;
      this.#forgetOver(page, now);
      if (isDue(page, now)) due.push(this.#tell(page, now));
      if (page.slots.values().every((slot) => isSettled(slot))) this.#dirty.delete(page);
    }
    return due;
  }

  #tell(page: Page, now: MonotonicMs): DuePage {
    for (const slot of page.slots.values()) {
      if (slot.told === slot.wanted || !mayChange(slot, now)) continue;
      slot.told = slot.wanted;
      slot.toldAt = now;
      this.#measure(slot);
    }
    page.publishedAt = now;
    page.isContested = false;
    const agents = [...page.slots.values()].map(({ told }) => told).filter((told) => told !== null);
    return { page: page.number, agents };
  }

  /** The page of an agent that is gone is free once it would be told of again at once. */
  #forgetOver(page: Page, now: MonotonicMs): void {
    for (const [id, slot] of page.slots) {
      if (slot.told === null && slot.wanted === null && mayChange(slot, now)) {
        this.#remove(id, slot);
      }
    }
  }

  #place(id: string, bytes: number): Slot | undefined {
    const page =
      this.#pages.values().find((page) =>
        page.slots.size < AGENTS_PER_PAGE_MAX && hasRoom(page, bytes)
      ) ?? this.#addNext();
    if (page === undefined || !hasRoom(page, bytes)) return undefined;
    const slot: Slot = { page, told: null, toldAt: null, wanted: null, bytes: 0 };
    page.slots.set(id, slot);
    this.#slots.set(id, slot);
    return slot;
  }

  #remove(id: string, slot: Slot): void {
    this.#slots.delete(id);
    slot.page.slots.delete(id);
    slot.page.bytes -= slot.bytes;
    if (slot.told === null) return;
    slot.page.isContested = true;
    this.#dirty.add(slot.page);
  }

  #measure(slot: Slot): void {
    const bytes = Math.max(bytesOf(slot.told), bytesOf(slot.wanted));
    slot.page.bytes += bytes - slot.bytes;
    slot.bytes = bytes;
  }

  #addNext(): Page | undefined {
    const number = this.#pages.size + 1;
    for (let free = 1; free <= number && free < AGENT_PAGES_PER_AUTHOR_MAX; free++) {
      if (!this.#pages.has(free)) return this.#add(free);
    }
    return undefined;
  }

  #add(number: number): Page {
    const page: Page = {
      number,
      slots: new Map(),
      bytes: PAGE_HEAD_BYTES,
      publishedAt: null,
      isContested: false,
    };
    this.#pages.set(number, page);
    return page;
  }
}

function isDue(page: Page, now: MonotonicMs): boolean {
  if (page.isContested) return true;
  const changing = [...page.slots.values()].filter((slot) =>
    slot.told !== slot.wanted && mayChange(slot, now)
  );
  if (changing.some(isTransition)) return true;
  const { publishedAt } = page;
  return changing.length > 0 && (publishedAt === null || now - publishedAt >= TOLD_INTERVAL_MS);
}

function isTransition({ told, wanted }: Slot): boolean {
  return told === null || wanted === null ||
    (told.offlineAtMs === 0n) !== (wanted.offlineAtMs === 0n);
}

function mayChange({ toldAt }: Slot, now: MonotonicMs): boolean {
  return toldAt === null || now - toldAt >= TOLD_INTERVAL_MS;
}

/** Whether nothing has to be done for it any more. */
function isSettled({ told, wanted }: Slot): boolean {
  return wanted !== null && told === wanted;
}

function hasRoom(page: Page, bytes: number): boolean {
  return page.bytes + bytes <= AGENT_PAGE_BYTES_MAX;
}

function bytesOf(entry: AgentEntry | null): number {
  return entry === null ? 0 : AgentEntry.encode(entry).length + ENTRY_HEAD_BYTES;
}
