// What this node offers: names for local ports, in the state that everybody sees and in the tunnels
// that carry them. Both change together, and what others are told is on disk first.

import type { GossipEvent } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Manager } from "../tunnel/mod.ts";
import { type Log, type PeerKey, PollenError } from "../types/mod.ts";
import type { StateSaver } from "./state_saver.ts";

export interface ServicesDeps {
  readonly local: PeerKey;
  readonly store: Store;
  readonly tunnels: Manager;
  readonly saver: StateSaver;
  readonly log: Log;
  /** Tells the connected peers. */
  announce(events: readonly GossipEvent[]): void;
}

export class Services {
  readonly #deps: ServicesDeps;

  constructor(deps: ServicesDeps) {
    this.#deps = deps;
  }

  /** Lets peers reach what was offered before the restart. */
  restore(): void {
    const { store, tunnels } = this.#deps;
    for (const { port } of store.localServices().values()) tunnels.registerService(port);
  }

  /** As `Node.registerService`. */
  async register(port: number, name: string): Promise<void> {
    const { store, tunnels, saver, log, announce } = this.#deps;
    const previous = store.localServices().get(name)?.port;
    const events = store.upsertLocalService(port, name);
    tunnels.registerService(port);
    if (previous !== undefined) this.#shutUnlessNamed(previous);
    await saver.saveNow();
    announce(events);
    log.info("service registered", { name, port });
  }

  /** As `Node.unregisterService`. */
  async unregister(
    what: { readonly name: string } | { readonly port: number },
  ): Promise<{ names: string[]; port: number }> {
    const { store, saver, log, announce } = this.#deps;
    const meant = [...store.localServices().values()].filter(({ name, port }) =>
      "name" in what ? name === what.name : port === what.port
    );
    const [first] = meant;
    if (first === undefined) {
      const shown = "name" in what ? `"${what.name}"` : `port ${what.port}`;
      throw new PollenError("not_found", `This node does not serve ${shown}.`, {
        fix: "See `pollen status` for what it serves.",
      });
    }
    const events = meant.flatMap(({ name }) => store.removeLocalServices(name));
    this.#shutUnlessNamed(first.port);
    await saver.saveNow();
    announce(events);
    const names = meant.map(({ name }) => name);
    log.info("service unregistered", { names: names.join(", "), port: first.port });
    return { names, port: first.port };
  }

  /** Shuts the port to peers and cuts its tunnels, unless a name still stands for it. */
  #shutUnlessNamed(port: number): void {
    const { store, tunnels, local } = this.#deps;
    if (!store.hasServicePort(local, port)) tunnels.unregisterService(port);
  }
}
