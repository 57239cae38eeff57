// What the page knows of the registry, kept true: the list is read once, then every event changes
// it. The list is read again now and then (heartbeats are no events), after every break of the
// stream, and often while the stream does not work: then the page is late, but right.

import { ApiError, EVENT_KINDS, type EventKind, type Node, readNodes } from "./api.ts";

/** How the page gets to know what happens. */
export type Link =
  /** The first answer is not here yet. */
  | "loading"
  /** As it happens. */
  | "live"
  /** By asking again and again. */
  | "polling"
  /** Not at all; what was known is shown. */
  | "lost"
  /** A token is asked for. */
  | "denied";

/** Something that happened to a node. */
export interface Happened {
  /** Of this page, growing. */
  readonly number: number;
  readonly kind: EventKind;
  readonly at: string;
  readonly node: Node;
}

/** What is known at one moment. */
export interface Known {
  readonly link: Link;
  /** Why nothing is heard, in the registry's words; null where all is well. */
  readonly problem: string | null;
  /** Null until the first answer. */
  readonly nodes: readonly Node[] | null;
  /** The newest first, since the page was opened. */
  readonly events: readonly Happened[];
  /** How far the registry's clock is ahead of this one, in milliseconds. */
  readonly aheadMs: number;
  /** These grow whenever the network, or what is served in it, is to be read again. */
  readonly networkVersion: number;
  readonly servicesVersion: number;
}

/** Between two readings of the list, in milliseconds; while events come, longer for a longer list. */
const READ_MS = 2_000;
const READ_MS_PER_NODE = 1;
const READ_MS_MAX = 10_000;
/** Until the stream is opened anew where the browser has given it up. */
const REOPEN_MS = 2_000;
/**
 * Between two changes of what is shown: a thousand events a second cost ten drawings, and three
 * where there are 10,000 nodes to be put in order for each.
 */
const SHOW_MS = 100;
const SHOW_MS_PER_NODE = 0.02;
/** Events that are kept for reading. */
const EVENTS_MAX = 100;

/** Before the first answer. */
export const NOTHING: Known = {
  link: "loading",
  problem: null,
  nodes: null,
  events: [],
  aheadMs: 0,
  networkVersion: 0,
  servicesVersion: 0,
};

/** The page's knowledge. */
export class Feed {
  #known = NOTHING;
  #nodes = new Map<string, Node>();
  #events: Happened[] = [];
  #count = 0;
  /** What happened while the list was on its way: the list may be older. */
  #meanwhile: Happened[] | null = null;
  #isStopped = true;
  #isStreaming = false;
  #isReading = false;
  #mustReadAgain = false;
  #source: EventSource | null = null;
  #readTimer = 0;
  #openTimer = 0;
  #showTimer = 0;
  /** By the page's monotonic clock, in milliseconds. */
  #shownAt = -Infinity;
  readonly #show: (known: Known) => void;

  /** @param show Is told what is known whenever that has changed. */
  constructor(show: (known: Known) => void) {
    this.#show = show;
  }

  /** Begins, or begins again. */
  start(): void {
    this.stop();
    this.#isStopped = false;
    this.#open();
    void this.#read();
  }

  /** Listens no longer: a browser has few connections for one server, and others may need them. */
  stop(): void {
    this.#isStopped = true;
    this.#source?.close();
    this.#source = null;
    this.#isStreaming = false;
    clearTimeout(this.#readTimer);
    clearTimeout(this.#openTimer);
  }

  #open(): void {
    const source = this.#source = new EventSource("/api/events");
    source.onopen = () => {
      this.#isStreaming = true;
      // Whatever happened before the stream was open.
      this.#readAll();
    };
    source.onerror = () => {
      this.#isStreaming = false;
      void this.#read();
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(this.#openTimer);
      this.#openTimer = setTimeout(() => this.#open(), REOPEN_MS);
    };
    source.addEventListener("missed", () => this.#readAll());
    source.addEventListener("network", () => this.#renew("networkVersion"));
    source.addEventListener("services", () => this.#renew("servicesVersion"));
    for (const kind of EVENT_KINDS) {
      source.addEventListener(kind, ({ data }) => {
        const { at, node } = JSON.parse(data) as { at: string; node: Node };
        this.#hear({ number: ++this.#count, kind, at, node });
      });
    }
  }

  #readAll(): void {
    this.#renew("networkVersion");
    this.#renew("servicesVersion");
    void this.#read();
  }

  #renew(version: "networkVersion" | "servicesVersion"): void {
    this.#known = { ...this.#known, [version]: this.#known[version] + 1 };
    this.#showSoon();
  }

  #hear(event: Happened): void {
    this.#meanwhile?.push(event);
    this.#apply(event);
    this.#events = [event, ...this.#events.slice(0, EVENTS_MAX - 1)];
    this.#showSoon();
  }

  #apply({ kind, node }: Happened): void {
    if (kind === "forgotten") this.#nodes.delete(node.id);
    else this.#nodes.set(node.id, node);
  }

  async #read(): Promise<void> {
    if (this.#isReading) {
      this.#mustReadAgain = true;
      return;
    }
    clearTimeout(this.#readTimer);
    this.#isReading = true;
    this.#mustReadAgain = false;
    this.#meanwhile = [];
    try {
      const { value, aheadMs } = await readNodes();
      this.#nodes = new Map(value.map((node) => [node.id, node]));
      for (const event of this.#meanwhile) this.#apply(event);
      const link = this.#isStreaming ? "live" : "polling";
      this.#known = { ...this.#known, link, aheadMs, problem: null, nodes: [] };
    } catch (thrown) {
      const { status, message } = thrown as ApiError;
      if (status === 401) this.#forget();
      else this.#known = { ...this.#known, link: "lost", problem: message };
    } finally {
      this.#isReading = false;
      this.#meanwhile = null;
    }
    this.#showSoon();
    if (this.#isStopped) return;
    if (this.#mustReadAgain) return void this.#read();
    const longerMs = this.#isStreaming ? this.#nodes.size * READ_MS_PER_NODE : 0;
    const waitMs = Math.min(READ_MS_MAX, READ_MS + longerMs);
    this.#readTimer = setTimeout(() => void this.#read(), waitMs);
  }

  /** Whoever may not look any more keeps nothing of what was seen. */
  #forget(): void {
    this.stop();
    this.#nodes.clear();
    this.#events = [];
    const { networkVersion, servicesVersion } = this.#known;
    this.#known = { ...NOTHING, link: "denied", networkVersion, servicesVersion };
  }

  /** At once after a time of quiet; together with what follows otherwise. */
  #showSoon(): void {
    if (this.#showTimer !== 0) return;
    const pauseMs = SHOW_MS + this.#nodes.size * SHOW_MS_PER_NODE;
    const waitMs = Math.max(0, this.#shownAt + pauseMs - performance.now());
    this.#showTimer = setTimeout(() => {
      this.#showTimer = 0;
      this.#shownAt = performance.now();
      const isLoaded = this.#known.nodes !== null;
      this.#known = {
        ...this.#known,
        nodes: isLoaded ? [...this.#nodes.values()] : null,
        events: this.#events,
      };
      this.#show(this.#known);
    }, waitMs);
  }
}
