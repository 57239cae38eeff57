// Agents in great number on few connections: each sends its heartbeat at its own moment of the
// interval, and what comes late because others are slow counts as late.

import { orchion } from "../../../lib/proto/mod.ts";
import { client } from "../../../lib/rpc/mod.ts";

/** Connections that all agents share: as many as a busy machine room would have proxies. */
const CONNECTIONS = 16;

/** Registrations under way at a time. */
const AT_ONCE = 256;

/** Milliseconds between two looks at who is due. */
const TICK_MS = 5;

/** What was measured. */
export interface HeartbeatFigures {
  /** In milliseconds. */
  readonly latencies: readonly number[];
  readonly failures: number;
}

export class Agents implements Disposable {
  readonly #lines;
  readonly #count: number;

  constructor(port: number, count: number) {
    this.#count = count;
    // One option that differs makes grpc-js open a connection of its own.
    this.#lines = Array.from({ length: CONNECTIONS }, (_, index) =>
      client(orchion.Orchestrator, {
        address: `127.0.0.1:${port}`,
        messageBytesMax: (1 << 24) + index,
      }));
  }

  /** Registers all of them. Registrations per second. */
  async register(): Promise<number> {
    const start = performance.now();
    let next = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (next < this.#count) {
        const index = next++;
        const node = orchion.Node.create({
          id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
          hostname: `machine-${index}.example`,
          agentAddress: `machine-${index}.example:50052`,
          capabilities: orchion.Capabilities.create({
            cpu: "16 cores",
            memory: "62.70 GB",
            os: "linux/amd64",
            gpuType: "No GPU detected",
            gpuVramTotal: "N/A",
            gpuVramAvailable: "N/A",
            gpuVramUsed: "N/A",
            gpuTemperature: "N/A",
            gpuPowerUsage: "N/A",
            powerUsage: "Power monitoring not available",
          }),
        });
        await this.#calls(index).registerNode({ node }, { timeoutMs: 30_000 });
      }
    }));
    return this.#count / (performance.now() - start) * 1000;
  }

  /** Lets all of them send heartbeats for a while. */
  async beat(intervalMs: number, durationMs: number): Promise<HeartbeatFigures> {
    const latencies: number[] = [];
    let failures = 0;
    let sent = 0;
    const calls: Promise<void>[] = [];
    const start = performance.now();
    const total = Math.floor(this.#count * durationMs / intervalMs);
    while (sent < total) {
      const elapsedMs = performance.now() - start;
      const due = Math.min(total, Math.floor(elapsedMs / intervalMs * this.#count));
      while (sent < due) {
        const index = sent % this.#count;
        const dueAtMs = start + sent / this.#count * intervalMs;
        sent++;
        const nodeId = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
        calls.push(
          this.#calls(index).heartbeat({ nodeId }, { timeoutMs: 30_000 }).then(
            () => void latencies.push(performance.now() - dueAtMs),
            () => void failures++,
          ),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    await Promise.all(calls);
    return { latencies, failures };
  }

  [Symbol.dispose](): void {
    for (const line of this.#lines) line.close();
  }

  #calls(index: number) {
    return this.#lines[index % this.#lines.length]!.calls;
  }
}
