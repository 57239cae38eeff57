// What happens to nodes and to the network, as it happens, for those who listen. Whoever was away for
// a moment gets what it has missed; whoever is too slow, or was away for too long, is told to look at
// everything.

import type { WallMs } from "../types/mod.ts";
import { PollenError } from "../types/mod.ts";
import type { Change, ChangeKind, NodeRecord, NodeState } from "./core/record.ts";
import { EVENTS_KEPT_MAX, EVENTS_WAITING_MAX, LISTENERS_MAX } from "./limits.ts";

/** One thing that happened. */
export interface RegistryEvent {
  /** Of this process, growing. */
  readonly number: number;
  readonly kind: ChangeKind;
  readonly atMs: WallMs;
  /** The node as it was then. */
  readonly record: NodeRecord;
  readonly state: NodeState;
}

/** What of the network is to be read again. */
export type NetworkChange = "network" | "services";

/** The network of the node beside the registry is another. */
export interface NetworkEvent {
  readonly number: number;
  readonly kind: NetworkChange;
  readonly atMs: WallMs;
}

/** An event, or that some were missed: then only the whole list tells how things are. */
export type Heard =
  | RegistryEvent
  | NetworkEvent
  | { readonly kind: "missed"; readonly number: number };

interface Listener {
  readonly waiting: (RegistryEvent | NetworkEvent)[];
  hasMissed: boolean;
  wake: () => void;
}

/** The events of one process. */
export class Events {
  readonly #kept: (RegistryEvent | NetworkEvent)[] = [];
  readonly #listeners = new Set<Listener>();
  #last = 0;
  #isClosed = false;

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Tells everybody what happened to a node. */
  tell({ kind, record }: Change, state: NodeState, atMs: WallMs): void {
    this.#add({ number: ++this.#last, kind, atMs, record: { ...record }, state });
  }

  /** Tells everybody that the network is another. */
  tellNetwork(kind: NetworkChange, atMs: WallMs): void {
    this.#add({ number: ++this.#last, kind, atMs });
  }

  #add(event: RegistryEvent | NetworkEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > EVENTS_KEPT_MAX) this.#kept.shift();
    for (const listener of this.#listeners) {
      if (listener.waiting.length < EVENTS_WAITING_MAX) listener.waiting.push(event);
      else listener.hasMissed = true;
      listener.wake();
    }
  }

  /**
   * Listens from now on, or from the event after `since`, until the signal is aborted or all ends.
   *
   * @throws {PollenError} `exhausted` when too many listen already.
   */
  listen(since: number | null, signal: AbortSignal): AsyncIterable<Heard> {
    if (this.#listeners.size >= LISTENERS_MAX) {
      throw new PollenError(
        "exhausted",
        `${LISTENERS_MAX} listen to the registry's events already.`,
        {
          fix: "Close one of them.",
        },
      );
    }
    const oldest = this.#kept[0]?.number ?? this.#last + 1;
    const isGap = since !== null && (since < oldest - 1 || since > this.#last);
    const listener: Listener = {
      waiting: since === null || isGap ? [] : this.#kept.filter(({ number }) => number > since),
      hasMissed: isGap,
      wake: () => {},
    };
    // From this moment on, not from the first look: nothing in between is lost.
    if (!this.#isClosed) this.#listeners.add(listener);
    return this.#heard(listener, signal);
  }

  /** Ends all listening. */
  close(): void {
    this.#isClosed = true;
    for (const { wake } of this.#listeners) wake();
  }

  async *#heard(listener: Listener, signal: AbortSignal): AsyncIterable<Heard> {
    const wake = () => listener.wake();
    signal.addEventListener("abort", wake, { once: true });
    try {
      while (!signal.aborted && !this.#isClosed) {
        if (listener.hasMissed) {
          listener.hasMissed = false;
          listener.waiting.length = 0;
          yield { kind: "missed", number: this.#last };
        } else if (listener.waiting.length > 0) {
          yield listener.waiting.shift()!;
        } else {
          await new Promise<void>((resolve) => listener.wake = resolve);
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#listeners.delete(listener);
    }
  }
}
