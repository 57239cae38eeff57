// The agent of a machine: registers it, sends heartbeats, tells what has changed, and takes the next
// registry when one does not answer.
//
// Invariant: as long as one of the registries answers, a heartbeat reaches the next one within two
// intervals, of two seconds at least, after one fell silent.

import { orchion } from "../proto/mod.ts";
import type { Calls, RpcClient } from "../rpc/mod.ts";
import { type Clock, errorText, type Log, PollenError, type Random } from "../types/mod.ts";

/** Between two looks at what the machine has, in milliseconds. */
const LOOK_MS = 10_000;

/** The least that a call may take, in milliseconds, however short the interval. */
const CALL_MS_MIN = 2_000;

/** How long the farewell may take. */
const FAREWELL_MS = 2_000;

/** The longest pause when no registry answers, in milliseconds. */
const PAUSE_MS_MAX = 30_000;

/** A line to one registry. */
export type RegistryLine = RpcClient<typeof orchion.Orchestrator>;

type RegistryCalls = Calls<typeof orchion.Orchestrator>;

/** What an agent works with. */
export interface AgentOptions {
  /** Addresses of registries, `host:port`: the first that answers is used. At least one. */
  readonly registries: readonly string[];
  readonly id: string;
  readonly hostname: string;
  /** `host:port` of a service of the agent's own; empty without one. */
  readonly agentAddress: string;
  /** Milliseconds between two heartbeats. */
  readonly intervalMs: number;
  readonly gather: () => Promise<orchion.Capabilities>;
  readonly open: (address: string) => RegistryLine;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called whenever it has registered. */
  onRegistered(address: string): void;
}

/** Failures that no further attempt mends, as long as none has ever succeeded. */
const HOPELESS = new Set([
  "unauthenticated",
  "permission_denied",
  "invalid_argument",
  "unsupported",
]);

/** One machine's agent. */
export class Agent {
  readonly #options: AgentOptions;
  #line: RegistryLine | null = null;
  #current = 0;
  #isRegistered = false;
  /** Whether it was ever let in. */
  #wasWelcome = false;
  #told: orchion.Capabilities | null = null;
  #lookAtMs = -Infinity;
  /** Registries in a row that did not answer. */
  #silent = 0;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  /**
   * Works until the signal is aborted, then takes its leave.
   *
   * @throws {PollenError} when the first registry that answers refuses it: `unauthenticated`,
   *   `permission_denied`, `invalid_argument`, `unsupported`.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const pauseMs = await this.#turn(signal);
        if (pauseMs > 0 && !signal.aborted) await pause(pauseMs, this.#options.clock, signal);
      }
      await this.#leave();
    } finally {
      this.#line?.close();
    }
  }

  /** One heartbeat, or what is needed for one. Milliseconds until the next turn. */
  async #turn(signal: AbortSignal): Promise<number> {
    const { intervalMs } = this.#options;
    try {
      const call = { timeoutMs: Math.max(intervalMs, CALL_MS_MIN), signal };
      if (this.#isRegistered) await this.#calls().heartbeat({ nodeId: this.#options.id }, call);
      else await this.#register(call);
      this.#silent = 0;
      await this.#tell(call);
      return intervalMs;
    } catch (thrown) {
      if (signal.aborted) return 0;
      return this.#pauseAfter(thrown);
    }
  }

  async #register(call: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
    const { id, hostname, agentAddress, gather, clock, log } = this.#options;
    const capabilities = await gather();
    const node = orchion.Node.create({ id, hostname, agentAddress, capabilities });
    await this.#calls().registerNode({ node }, call);
    this.#isRegistered = true;
    this.#wasWelcome = true;
    this.#told = capabilities;
    this.#lookAtMs = clock.monotonicNow() + LOOK_MS;
    log.info("registered", { registry: this.#address() });
    this.#options.onRegistered(this.#address());
  }

  /** Says what has changed, now and then. */
  async #tell(call: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
    const { id, gather, clock } = this.#options;
    if (clock.monotonicNow() < this.#lookAtMs) return;
    this.#lookAtMs = clock.monotonicNow() + LOOK_MS;
    const capabilities = await gather();
    if (JSON.stringify(capabilities) === JSON.stringify(this.#told)) return;
    await this.#calls().updateNode({ nodeId: id, capabilities }, call);
    this.#told = capabilities;
  }

  #pauseAfter(thrown: unknown): number {
    const { registries, intervalMs, random, log } = this.#options;
    const code = thrown instanceof PollenError ? thrown.code : "internal";
    if (code === "not_found" && this.#isRegistered) {
      this.#isRegistered = false;
      return 0;
    }
    if (!this.#wasWelcome && HOPELESS.has(code)) throw thrown;
    log.warn("a registry did not take a heartbeat", {
      registry: this.#address(),
      error: errorText(thrown),
    });
    // Its channel rests after a failure; a new one does not.
    this.#line?.close();
    this.#line = null;
    this.#current = (this.#current + 1) % registries.length;
    this.#silent++;
    const rounds = Math.floor(this.#silent / registries.length);
    if (this.#silent % registries.length !== 0) return 0;
    const longest = Math.min(PAUSE_MS_MAX, intervalMs * 2 ** Math.min(rounds - 1, 10));
    return longest * (0.5 + random.uniform() / 2);
  }

  async #leave(): Promise<void> {
    if (!this.#isRegistered) return;
    try {
      await this.#calls().unregisterNode({ nodeId: this.#options.id }, { timeoutMs: FAREWELL_MS });
    } catch (thrown) {
      this.#options.log.warn("the registry was not told that this machine goes", {
        registry: this.#address(),
        error: errorText(thrown),
      });
    }
  }

  #calls(): RegistryCalls {
    this.#line ??= this.#options.open(this.#address());
    return this.#line.calls;
  }

  #address(): string {
    return this.#options.registries[this.#current]!;
  }
}

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stopTimer = clock.setTimer(ms, () => {
      signal.removeEventListener("abort", end);
      resolve();
    });
    const end = () => {
      stopTimer();
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}
