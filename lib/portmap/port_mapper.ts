// Keeps one UDP port mapped on the router for as long as the node runs: it performs what the machine
// decides. Quiet: a router that offers nothing is everyday, and no line of the usual log.

import {
  type Clock,
  errorText,
  type Log,
  PollenError,
  type PortMapping,
  type SocketAddress,
  toPollenError,
} from "../types/mod.ts";
import { type MachineInput, type MachineOutput, MappingMachine } from "./machine.ts";
import type { Gateway, Mapping, MappingClient, MappingProtocol } from "./types.ts";

/** How often the routing table is looked at. Elsewhere than on Linux that starts a process. */
const GATEWAY_CHECK_MS = Deno.build.os === "linux" ? 5_000 : 60_000;

/** Milliseconds for which a mapping is asked for: a node that was killed leaves it behind as long. */
const LIFETIME_MS = 20 * 60_000;

/** Milliseconds that the end of the node waits for the router. */
const REMOVE_TIMEOUT_MS = 1_000;

/** What a mapper is wired from. */
export interface PortMapperDeps {
  /** The UDP port that peers are to reach. */
  readonly internalPort: number;
  /** The ways to ask, in the order in which they are tried. */
  readonly clients: readonly MappingClient[];
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds, whole seconds. Default 20 minutes. */
  readonly lifetimeMs?: number;
  /** The router now; null without one, or where no mapping is wanted. Never throws. */
  findGateway(): Promise<Gateway | null>;
  /** Whether an address can be reached from the whole Internet. */
  isPublicIp(ip: string): boolean;
  /** Where others reach the port from now on; null when that is not known. */
  onChange(address: SocketAddress | null): void;
}

export class PortMapper implements PortMapping {
  readonly #deps: PortMapperDeps;
  readonly #machine = new MappingMachine();
  readonly #ending = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #stopLooking = () => {};
  #stopTicking = () => {};
  /** The last word about a router without mappings, so that it is said once. */
  #lastFailure = "";

  private constructor(deps: PortMapperDeps) {
    this.#deps = deps;
  }

  /** Begins to look for the router; returns at once. */
  static start(deps: PortMapperDeps): PortMapper {
    const mapper = new PortMapper(deps);
    mapper.#run(mapper.#look());
    return mapper;
  }

  /** The mapping in force. */
  get mapping(): Mapping | null {
    return this.#machine.mapping;
  }

  /** Whether there is one, or may still be. */
  get state(): PortMapping["state"] {
    return this.#machine.state;
  }

  /** Takes the mapping away, as far as the router lets us within a second. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#step({ kind: "stop" });
    this.#ending.abort();
    this.#stopLooking();
    this.#stopTicking();
    await Promise.all(this.#tasks);
  }

  async #look(): Promise<void> {
    const { clock, findGateway } = this.#deps;
    const gateway = await findGateway();
    if (this.#ending.signal.aborted) return;
    this.#step({ kind: "gateway", gateway });
    this.#stopLooking = clock.setTimer(GATEWAY_CHECK_MS, () => this.#run(this.#look()));
  }

  #step(input: MachineInput): void {
    const { clock } = this.#deps;
    const now = clock.monotonicNow();
    for (const output of this.#machine.step(now, input)) this.#perform(output);
    this.#stopTicking();
    const { nextAt } = this.#machine;
    if (nextAt === null) return;
    this.#stopTicking = clock.setTimer(nextAt - now, () => this.#step({ kind: "tick" }));
  }

  #perform(output: MachineOutput): void {
    switch (output.kind) {
      case "request":
        this.#run(this.#request(output.attempt, output.gateway, output.previous));
        break;
      case "remove":
        this.#run(this.#remove(output.mapping));
        break;
      case "changed":
        this.#tell(output.mapping);
        break;
    }
  }

  #tell(mapping: Mapping | null): void {
    const { log, onChange, isPublicIp } = this.#deps;
    if (mapping === null) {
      log.info("the router's port mapping is gone");
      return onChange(null);
    }
    const { protocol, external: { ip, port }, lifetimeMs } = mapping;
    if (isPublicIp(ip)) {
      log.info("the router maps a port to this node", { protocol, ip, port, lifetimeMs });
      return onChange({ ip, port });
    }
    log.warn(
      "the router maps a port to this node, but its own address is not public: it stands behind " +
        "another router, so nobody outside reaches this node there",
      { protocol, ip, port },
    );
    onChange(null);
  }

  async #request(attempt: number, gateway: Gateway, previous: Mapping | null): Promise<void> {
    try {
      const mapping = await this.#ask(gateway, previous);
      this.#lastFailure = "";
      this.#step({ kind: "mapped", attempt, mapping });
    } catch (thrown) {
      const reason = errorText(thrown);
      if (reason !== this.#lastFailure) this.#deps.log.debug("no port mapping", { reason });
      this.#lastFailure = reason;
      this.#step({ kind: "failed", attempt });
    }
  }

  /** By each protocol in turn, by that of the mapping first. Throws what each of them said. */
  async #ask(gateway: Gateway, previous: Mapping | null): Promise<Mapping> {
    const { clients, internalPort, lifetimeMs = LIFETIME_MS } = this.#deps;
    const externalPort = previous?.external.port ?? internalPort;
    const wish = { gateway, internalPort, externalPort, lifetimeMs };
    const before = (protocol: MappingProtocol) => Number(protocol !== previous?.protocol);
    const ordered = clients.toSorted((a, b) => before(a.protocol) - before(b.protocol));
    const reasons: string[] = [];
    for (const client of ordered) {
      try {
        return await client.map(wish, this.#ending.signal);
      } catch (thrown) {
        reasons.push(`${client.protocol}: ${toPollenError(thrown).message}`);
      }
      if (this.#ending.signal.aborted) break;
    }
    throw new PollenError("unreachable", reasons.join(" "));
  }

  async #remove(mapping: Mapping): Promise<void> {
    const client = this.#deps.clients.find(({ protocol }) => protocol === mapping.protocol);
    const timeout = new AbortController();
    const stop = this.#deps.clock.setTimer(REMOVE_TIMEOUT_MS, () => timeout.abort());
    try {
      await client?.unmap(mapping, timeout.signal);
    } catch (thrown) {
      const { lifetimeMs, external: { port } } = mapping;
      const reason = errorText(thrown);
      this.#deps.log.info("the router keeps the port mapping until it ends", {
        port,
        lifetimeMs,
        reason,
      });
    } finally {
      stop();
    }
  }

  #run(task: Promise<void>): void {
    const guarded = task.catch((thrown) => {
      this.#deps.log.error("a task of the port mapper failed", { reason: errorText(thrown) });
    }).finally(() => this.#tasks.delete(guarded));
    this.#tasks.add(guarded);
  }
}
