// The registry's events as server-sent events (HTML Standard, section 9.2). Each has an id that a
// browser sends back when it reconnects, so that nothing is missed over a short break.

import type { Clock } from "../../types/mod.ts";
import type { Heard } from "../events.ts";
import { KEEP_ALIVE_MS, LISTENER_CHECK_MS } from "../limits.ts";
import type { Registry } from "../registry.ts";
import { nodeJson } from "./json.ts";

/** How long a browser waits before it reconnects, in milliseconds. */
const RECONNECT_MS = 1_000;

/** Streams events to any number of listeners. */
export class EventStream {
  readonly #registry: Registry;
  readonly #clock: Clock;
  /** Tells the ids of this process from those of another one. */
  readonly #process: string;

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
    this.#process = clock.wallNow().toString(36);
  }

  /**
   * The stream, from now on or from the event after `lastId`, as long as the listener may hear it.
   *
   * @param isAllowed Asked every second, and before each event.
   * @throws {PollenError} `exhausted` when too many listen.
   */
  open(lastId: string | null, isAllowed: () => boolean): Response {
    const ended = new AbortController();
    const heard = this.#registry.events.listen(this.#since(lastId), ended.signal)
      [Symbol.asyncIterator]();
    const encoder = new TextEncoder();
    let stopTimer = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\n\n`));
        let looks = 0;
        const look = () => {
          if (!isAllowed()) {
            ended.abort();
            return controller.close();
          }
          if (++looks % (KEEP_ALIVE_MS / LISTENER_CHECK_MS) === 0) {
            controller.enqueue(encoder.encode(": still here\n\n"));
          }
          stopTimer = this.#clock.setTimer(LISTENER_CHECK_MS, look);
        };
        stopTimer = this.#clock.setTimer(LISTENER_CHECK_MS, look);
      },
      pull: async (controller) => {
        const { done, value } = await heard.next();
        if (ended.signal.aborted) return;
        if (done !== true && isAllowed()) {
          return controller.enqueue(encoder.encode(this.#text(value)));
        }
        stopTimer();
        ended.abort();
        controller.close();
      },
      cancel: () => {
        stopTimer();
        ended.abort();
      },
    });
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    });
  }

  #since(lastId: string | null): number | null {
    if (lastId === null) return null;
    const [process, number] = lastId.split("-");
    // Not of this process: nothing that was missed is known, which -1 says.
    return process === this.#process && /^\d{1,15}$/.test(number ?? "") ? Number(number) : -1;
  }

  #text(event: Heard): string {
    const id = `id: ${this.#process}-${event.number}\nevent: ${event.kind}\n`;
    if (event.kind === "missed") return `${id}data: {}\n\n`;
    const at = new Date(event.atMs).toISOString();
    if (!("record" in event)) return `${id}data: {"at":"${at}"}\n\n`;
    return `${id}data: {"at":"${at}","node":${nodeJson(event.record, event.state)}}\n\n`;
  }
}
