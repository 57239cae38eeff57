// What this node offers: names for local ports, in the state that everybody sees and in the tunnels
// that carry them. Both change together and whole: what others are told is on disk first, and what
// the disk refuses is as if it had never been asked for.

import type { GossipEvent } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Manager } from "../tunnel/mod.ts";
import {
  type Log,
  type PeerKey,
  PollenError,
  portNumber,
  type ServicePort,
  showServicePort,
} from "../types/mod.ts";
import type { StateSaver } from "./state_saver.ts";
import { Turns } from "./turns.ts";

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
  readonly #turns = new Turns();

  constructor(deps: ServicesDeps) {
    this.#deps = deps;
  }

  /** Lets peers reach what was offered before the restart. */
  restore(): void {
    const { store, tunnels } = this.#deps;
    for (const { port } of store.localServices().values()) tunnels.registerService(port);
  }

  /** As `Node.registerService`. */
  register(port: ServicePort, name: string): Promise<void> {
    return this.#turns.take(() => this.#register(port, name));
  }

  async #register(port: ServicePort, name: string): Promise<void> {
    const { store, tunnels, log, announce } = this.#deps;
    const previous = store.localServices().get(name)?.port;
    const events = store.upsertLocalService(port, name);
    await this.#save(() =>
      previous === undefined
        ? store.removeLocalServices(name)
        : store.upsertLocalService(previous, name)
    );
    tunnels.registerService(port);
    if (previous !== undefined) this.#shutUnlessNamed(previous);
    announce(events);
    log.info("service registered", { name, port: showServicePort(port) });
  }

  /** As `Node.unregisterService`. */
  unregister(
    what: { readonly name: string } | { readonly port: number },
  ): Promise<{ names: string[]; port: ServicePort }> {
    return this.#turns.take(() => this.#unregister(what));
  }

  async #unregister(
    what: { readonly name: string } | { readonly port: number },
  ): Promise<{ names: string[]; port: ServicePort }> {
    const { store, log, announce } = this.#deps;
    const meant = [...store.localServices().values()].filter(({ name, port }) =>
      "name" in what ? name === what.name : portNumber(port) === what.port
    );
    const [first] = meant;
    if (first === undefined) {
      const shown = "name" in what ? `"${what.name}"` : `port ${what.port}`;
      throw new PollenError("not_found", `This node does not serve ${shown}.`, {
        fix: "See `pollen status` for what it serves.",
      });
    }
    const events = meant.flatMap(({ name }) => store.removeLocalServices(name));
    await this.#save(() => meant.flatMap(({ name, port }) => store.upsertLocalService(port, name)));
    for (const { port } of meant) this.#shutUnlessNamed(port);
    announce(events);
    const names = meant.map(({ name }) => name);
    log.info("service unregistered", {
      names: names.join(", "),
      port: showServicePort(first.port),
    });
    return { names, port: first.port };
  }

  /**
   * Waits for the disk. When it refuses, `undo` puts things back, and says what to tell those who
   * asked for our news in the meantime.
   */
  async #save(undo: () => GossipEvent[]): Promise<void> {
    try {
      await this.#deps.saver.saveNow();
    } catch (thrown) {
      this.#deps.announce(undo());
      throw thrown;
    }
  }

  /** Shuts the port to peers and cuts its tunnels, unless a name still stands for it. */
  #shutUnlessNamed(port: ServicePort): void {
    const { store, tunnels, local } = this.#deps;
    if (!store.hasServicePort(local, port)) tunnels.unregisterService(port);
  }
}
