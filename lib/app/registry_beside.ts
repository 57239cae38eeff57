// A registry beside a node, in the same process. When it cannot be served the node stays up, says so
// among its conditions, and it is tried again.

import { portOwner, systemClock, systemDisk, systemRandom } from "../host/mod.ts";
import { REGISTRY_DATABASE_FILE } from "../config/mod.ts";
import type { NodeService } from "../node/mod.ts";
import { Condition } from "../proto/mod.ts";
import type { ClusterPages, NetworkSource, Registry, Replication } from "../registry/mod.ts";
import { type Log, PollenError, toPollenError } from "../types/mod.ts";
import { tellOfNoAgents } from "./cluster_pages.ts";
import { RegistryMembers } from "./registry_members.ts";
import { ownTls } from "./registry_tls.ts";

/** Until it is tried again, in milliseconds. */
const RETRY_MS = 10_000;

const PORT = 50_051;
const HTTP_PORT = 8_080;

/** What the registry beside a node serves, and where. */
export interface RegistryBesideOptions {
  /** TCP ports, 0 for any free one. Default 50051. */
  readonly port?: number;
  /** Default 8080. */
  readonly httpPort?: number;
  /** `sqlite:` and an absolute path, or `postgres://…`. Default: a file in the state folder. */
  readonly storage?: string;
  /** IP addresses to serve at. Default: those of loopback. */
  readonly bind?: readonly string[];
  /** Whether nobody needs a token. Default: no. */
  readonly isOpen?: boolean;
  /** Names by which the registry is called besides `localhost` and its addresses. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** Whether to encrypt, with a certificate of this machine's own. Default: no. */
  readonly isEncrypted?: boolean;
}

/** What it works with. */
export interface RegistryBesideDeps {
  /** The state folder, absolute. */
  readonly dir: string;
  readonly service: Pick<NodeService, "getStatus">;
  /** Tells how the network is. */
  readonly network: NetworkSource;
  /** What the machines of the network tell of their agents. */
  readonly pages: ClusterPages;
  readonly log: Log;
}

/** A registry that is served as soon and as long as it can be; disposing of it ends that. */
export class RegistryBeside implements AsyncDisposable {
  readonly #options: RegistryBesideOptions;
  readonly #deps: RegistryBesideDeps;
  #condition: Condition | null = null;
  #opened: AsyncDisposableStack | null = null;
  #replication: Replication | null = null;
  #opening: Promise<void>;
  #stop = () => {};
  #isOver = false;

  constructor(options: RegistryBesideOptions, deps: RegistryBesideDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#opening = this.#try();
  }

  /** What keeps it from being served, or its agents from being told, for the node's own conditions. */
  readonly conditions = (): Condition[] => {
    if (this.#condition !== null) return [this.#condition];
    const untold = this.#replication?.untold ?? 0;
    return untold === 0 ? [] : [Condition.create({
      kind: "registry_too_large",
      message: `The other machines' registries do not hear of ${untold} agents of this one.`,
      fix: "Let some register elsewhere, or give the registries one database: --registry-storage",
    })];
  };

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
    const { dir, service, network, pages, log } = this.#deps;
    const { port = PORT, httpPort = HTTP_PORT, bind = [], allowedHosts = [] } = this.#options;
    await this.#demandUnserved(port, "--registry-port");
    await this.#demandUnserved(httpPort, "--registry-http-port");
    const registryRoom = await import("../registry/mod.ts");
    const hosts = allowedHosts.map((name) => name.toLowerCase());
    const own = this.#options.isEncrypted === true ? await ownTls(dir, hosts) : null;
    await using cleanup = new AsyncDisposableStack();
    const server = cleanup.use(
      await registryRoom.openRegistryServer({
        storage: this.#options.storage ?? `sqlite:${dir}/${REGISTRY_DATABASE_FILE}`,
        port,
        httpPort,
        portFlags: ["--registry-port", "--registry-http-port"],
        bindFlag: "--registry-bind",
        bind,
        heartbeatTimeoutMs: registryRoom.HEARTBEAT_TIMEOUT_MS,
        isOpen: this.#options.isOpen ?? false,
        allowedHosts: hosts,
        ...(own === null ? {} : { tls: own.tls }),
        network,
        clock: systemClock,
        random: systemRandom,
        disk: systemDisk,
        portOwner,
        log,
      }),
    );
    const { registry } = server;
    const { machineOf } = registryRoom;
    cleanup.use(
      new RegistryMembers({
        registry,
        service,
        machineOf: (author) => machineOf(pages.get({ author, page: 0 })),
        clock: systemClock,
        log,
      }),
    );
    this.#replicate(cleanup, registry, registryRoom.Replication);
    log.info("the registry serves", {
      port: server.port,
      httpPort: server.httpPort,
      ...(own === null ? {} : { trust: own.authorityPath }),
    });
    return cleanup.move();
  }

  /** The other machines' registries are told of the agents, unless one database tells all of them. */
  #replicate(
    cleanup: AsyncDisposableStack,
    registry: Registry,
    Replicator: typeof Replication,
  ): void {
    const { pages, log } = this.#deps;
    if (registry.isShared) {
      cleanup.defer(tellOfNoAgents(pages));
      return;
    }
    this.#replication = cleanup.use(new Replicator({ registry, pages, clock: systemClock, log }));
    cleanup.defer(() => {
      this.#replication = null;
    });
  }

  /** A port that this node offers to others belongs to another program, though it may not run now. */
  async #demandUnserved(port: number, flag: string): Promise<void> {
    const { self, services } = await this.#deps.service.getStatus();
    const own = self?.node?.peerId.toHex();
    const taken = services.find((one) =>
      one.port === port && one.udp !== true && one.provider?.peerId.toHex() === own
    );
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
