// A registry beside a node, in the same process. When it cannot be served the node stays up, says so
// among its conditions, and it is tried again.

import { portOwner, systemClock, systemDisk, systemRandom } from "../host/mod.ts";
import type { NodeService } from "../node/mod.ts";
import { Condition } from "../proto/mod.ts";
import type { NetworkSource } from "../registry/mod.ts";
import { type Log, PollenError, toPollenError } from "../types/mod.ts";
import { RegistryMembers } from "./registry_members.ts";

/** Until it is tried again, in milliseconds. */
const RETRY_MS = 10_000;

const PORT = 50_051;
const HTTP_PORT = 8_080;

/** Where the registry beside a node serves: TCP ports, 0 for any free one. */
export interface RegistryBesideOptions {
  /** Default 50051. */
  readonly port?: number;
  /** Default 8080. */
  readonly httpPort?: number;
}

/** What it works with. */
export interface RegistryBesideDeps {
  /** The state folder, absolute. */
  readonly dir: string;
  readonly service: NodeService;
  /** Tells how the network is. */
  readonly network: NetworkSource;
  readonly log: Log;
}

/** A registry that is served as soon and as long as it can be; disposing of it ends that. */
export class RegistryBeside implements AsyncDisposable {
  readonly #options: RegistryBesideOptions;
  readonly #deps: RegistryBesideDeps;
  #condition: Condition | null = null;
  #opened: AsyncDisposableStack | null = null;
  #opening: Promise<void>;
  #stop = () => {};
  #isOver = false;

  constructor(options: RegistryBesideOptions, deps: RegistryBesideDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#opening = this.#try();
  }

  /** What keeps it from being served, for the node's own conditions. */
  readonly conditions = (): Condition[] => this.#condition === null ? [] : [this.#condition];

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#stop();
    await this.#opening;
    await this.#opened?.disposeAsync();
  }

  async #try(): Promise<void> {
    const { log } = this.#deps;
    try {
      this.#opened = await this.#open();
      this.#condition = null;
    } catch (thrown) {
      const { message, fix = "", code } = toPollenError(thrown);
      if (this.#condition === null) log.warn("the registry is not served", { code, message, fix });
      this.#condition = Condition.create({ kind: "registry_not_served", message, fix });
      if (this.#isOver) return;
      this.#stop = systemClock.setTimer(RETRY_MS, () => this.#opening = this.#try());
    }
  }

  async #open(): Promise<AsyncDisposableStack> {
    const { dir, service, network, log } = this.#deps;
    const { port = PORT, httpPort = HTTP_PORT } = this.#options;
    await this.#demandUnserved(port, "--registry-port");
    await this.#demandUnserved(httpPort, "--registry-http-port");
    const { HEARTBEAT_TIMEOUT_MS, openRegistryServer } = await import("../registry/mod.ts");
    await using cleanup = new AsyncDisposableStack();
    const server = cleanup.use(
      await openRegistryServer({
        storage: `sqlite:${dir}/registry.db`,
        port,
        httpPort,
        portFlags: ["--registry-port", "--registry-http-port"],
        bind: [],
        heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
        isOpen: false,
        allowedHosts: [],
        network,
        clock: systemClock,
        random: systemRandom,
        disk: systemDisk,
        portOwner,
        log,
      }),
    );
    const { registry } = server;
    cleanup.use(new RegistryMembers({ registry, service, clock: systemClock, log }));
    log.info("the registry serves", { port: server.port, httpPort: server.httpPort });
    return cleanup.move();
  }

  /** A port that this node offers to others belongs to another program, though it may not run now. */
  async #demandUnserved(port: number, flag: string): Promise<void> {
    const { self, services } = await this.#deps.service.getStatus();
    const own = self?.node?.peerId.toHex();
    const taken = services.find((one) => one.port === port && one.provider?.peerId.toHex() === own);
    if (taken === undefined) return;
    throw new PollenError(
      "already_exists",
      `The registry is not served: port ${port} is what this machine serves as "${taken.name}".`,
      {
        fix: `Choose another one with ${flag}, or take the offer back with: pollen unserve ${port}`,
      },
    );
  }
}
