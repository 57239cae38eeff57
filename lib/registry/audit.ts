// What the log says of nodes, in the words that its readers look for.

import { type Clock, type Log, LogThrottle } from "../types/mod.ts";
import type { NodeRecord } from "./core/record.ts";
import { WARNINGS_PER_SWEEP_MAX } from "./limits.ts";

/** Tells of nodes; disposing of it ends that. */
export class Audit implements Disposable {
  readonly #log: Log;
  /** For what others can make happen as often as they like. */
  readonly #throttled: LogThrottle;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#throttled = new LogThrottle(log, clock);
  }

  registered({ id, source }: NodeRecord): void {
    this.#log.info("a node registered", { id, source });
  }

  unregistered(id: string): void {
    this.#log.info("a node unregistered", { id });
  }

  forgotten(id: string): void {
    this.#log.info("audit: a node was forgotten", { id });
  }

  /** @param from Where it was heard until now. */
  moved({ id, source }: NodeRecord, from: string): void {
    const text = "audit: a node id is used from another address; the last one counts";
    this.#throttled.warn(text, {
      id,
      from,
      to: source,
    });
  }

  /** @param holder The machine whose registry held it until now. */
  taken({ id }: NodeRecord, holder: string): void {
    const text = "audit: a node that another registry held is heard here; this one holds it";
    this.#throttled.warn(text, { id, holder });
  }

  /** Another machine's registry holds it from now on. */
  lost({ id, via }: NodeRecord): void {
    const text = "audit: a node is heard at another registry, which holds it from now on";
    this.#throttled.warn(text, { id, holder: via });
  }

  /** Several have gone silent at once. */
  offline(records: readonly NodeRecord[]): void {
    for (const { id, hostname, lastSeenMs } of records.slice(0, WARNINGS_PER_SWEEP_MAX)) {
      this.#log.warn("a node sends no heartbeats and is offline", {
        id,
        hostname,
        lastSeen: new Date(lastSeenMs).toISOString(),
      });
    }
    const count = records.length - WARNINGS_PER_SWEEP_MAX;
    if (count > 0) this.#log.warn("more nodes send no heartbeats and are offline", { count });
  }

  [Symbol.dispose](): void {
    this.#throttled.close();
  }
}
