// Virtual time: what is to happen, in the order of its moments. Between two of them everything that
// needs no time comes to rest, so that a run depends on nothing but its seed.
//
// What happens happens to a process. A dead one feels nothing any more; to one that is stopped
// (SIGSTOP, a machine that sleeps) it happens when it goes on.

import { setImmediate } from "node:timers";
import type { Clock, MonotonicMs, WallMs } from "../../lib/types/mod.ts";

/** One run of a program on a machine. */
export class Process {
  isDead = false;
  #held: (() => void)[] | null = null;
  #stoppedAtMs = 0;

  get isStopped(): boolean {
    return this.#held !== null;
  }

  /** Whether it answers anybody. */
  get isRunning(): boolean {
    return !this.isDead && !this.isStopped;
  }

  stop(nowMs: number): void {
    this.#held ??= [];
    this.#stoppedAtMs = nowMs;
  }

  /** Goes on. Gives what was held back, in order, and for how long nothing ran. */
  resume(nowMs: number): { readonly held: readonly (() => void)[]; readonly sleptMs: number } {
    const held = this.#held ?? [];
    this.#held = null;
    return { held, sleptMs: nowMs - this.#stoppedAtMs };
  }

  /** Lets something happen to it, now or when it goes on. */
  feel(act: () => void | Promise<void>): void | Promise<void> {
    if (this.isDead) return;
    if (this.#held === null) return act();
    this.#held.push(() => void act());
  }
}

interface Happening {
  readonly atMs: number;
  /** What was planned first happens first. */
  readonly order: number;
  readonly process: Process | null;
  act: (() => void | Promise<void>) | null;
}

export class VirtualTime {
  /** Milliseconds since the run began. */
  nowMs = 0;
  /** Looks at a process to which something happened. */
  after: (process: Process) => void = () => {};
  /** Happenings so far. */
  count = 0;
  #order = 0;
  readonly #heap: Happening[] = [];

  /** Plans something. `process` is the one to which it happens; null for the world. The result takes it back. */
  plan(delayMs: number, process: Process | null, act: () => void | Promise<void>): () => void {
    const atMs = this.nowMs + Math.max(0, delayMs);
    const happening: Happening = { atMs, order: this.#order++, process, act };
    this.#push(happening);
    return () => happening.act = null;
  }

  /** Lets time go by. */
  async run(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (let next; (next = this.#heap[0]) !== undefined && next.atMs <= endMs;) {
      this.#pop();
      const { act, process } = next;
      if (act === null || process?.isDead) continue;
      this.nowMs = next.atMs;
      this.count++;
      await (process === null ? act() : process.feel(act));
      await settle();
      if (process?.isRunning) this.after(process);
    }
    this.nowMs = endMs;
  }

  // A binary heap: the earliest first.

  #isBefore(a: Happening, b: Happening): boolean {
    return a.atMs < b.atMs || a.atMs === b.atMs && a.order < b.order;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let at = heap.push(happening) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(heap[at]!, heap[parent]!)) break;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let at = 0;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && this.#isBefore(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && this.#isBefore(heap[right]!, heap[least]!)) least = right;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

/** Lets everything that needs no time come to rest. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The clock of a process. Its wall clock may be wrong. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime;
  readonly #process: Process;
  readonly #wallNow: () => number;

  constructor(time: VirtualTime, process: Process, wallNow: () => number) {
    this.#time = time;
    this.#process = process;
    this.#wallNow = wallNow;
  }

  monotonicNow(): MonotonicMs {
    return this.#time.nowMs as MonotonicMs;
  }

  wallNow(): WallMs {
    return this.#wallNow() as WallMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    return this.#time.plan(delayMs, this.#process, callback);
  }
}
