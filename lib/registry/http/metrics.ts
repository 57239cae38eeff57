// What a registry counts, for Prometheus.

import { Counter, Gauge, Registry as Metrics } from "prom-client";
import type { Registry } from "../registry.ts";

/** The metrics of one registry. */
export class RegistryMetrics {
  readonly #metrics = new Metrics();
  readonly #requests: Counter<"route" | "status">;

  constructor(registry: Registry) {
    const registers = [this.#metrics];
    this.#requests = new Counter({
      name: "pollen_registry_http_requests_total",
      help: "Answers over HTTP, by route and status.",
      labelNames: ["route", "status"],
      registers,
    });
    new Gauge({
      name: "pollen_registry_nodes",
      help: "Nodes that are known, by state.",
      labelNames: ["state"],
      registers,
      collect() {
        const { active, stale, offline } = registry.counts;
        this.set({ state: "active" }, active);
        this.set({ state: "stale" }, stale);
        this.set({ state: "offline" }, offline);
      },
    });
    for (const name of ["heartbeats", "registrations"] as const) {
      let told = 0;
      new Counter({
        name: `pollen_registry_${name}_total`,
        help: `Accepted ${name} since the start.`,
        registers,
        collect() {
          const count = registry.counts[name];
          this.inc(count - told);
          told = count;
        },
      });
    }
    new Gauge({
      name: "pollen_registry_listeners",
      help: "Open streams of events.",
      registers,
      collect() {
        this.set(registry.events.listenerCount);
      },
    });
    new Gauge({
      name: "pollen_registry_ready",
      help: "1 while the storage works.",
      registers,
      collect() {
        this.set(registry.isReady ? 1 : 0);
      },
    });
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Memory of the process.",
      registers,
      collect() {
        this.set(Deno.memoryUsage().rss);
      },
    });
  }

  /** Counts an answer. `route` is one of the known ones, never a caller's text. */
  countAnswer(route: string, status: number): void {
    this.#requests.inc({ route, status });
  }

  /** In Prometheus' text format. */
  async answer(): Promise<Response> {
    const { contentType } = this.#metrics;
    return new Response(await this.#metrics.metrics(), {
      headers: { "content-type": contentType, "x-content-type-options": "nosniff" },
    });
  }
}
