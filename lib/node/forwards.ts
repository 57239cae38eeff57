// The forwards of this node: which are wanted, in the state, and which are there, in the tunnels. A
// wanted one stays wanted while its provider is away, and comes back by itself after a restart, on the
// local port that it had last if that is free. What the disk refuses is as if it had never been asked
// for.

import type { Connection, Store } from "../store/mod.ts";
import type { ConnectionInfo, Manager } from "../tunnel/mod.ts";
import {
  errorText,
  type Log,
  type PeerKey,
  PollenError,
  portNumber,
  type ServicePort,
  shortPeerKey,
  showServicePort,
} from "../types/mod.ts";
import type { NodeOutput } from "./steps.ts";
import type { StateSaver } from "./state_saver.ts";
import { Turns } from "./turns.ts";
import { forwardKey } from "./wanted_forwards.ts";

export interface ForwardsDeps {
  readonly local: PeerKey;
  readonly store: Store;
  readonly tunnels: Manager;
  readonly saver: StateSaver;
  readonly log: Log;
  /** Somebody wants this peer now. */
  wake(peer: PeerKey): void;
}

/** Which forwards: those of a local port, or those to a peer (to one of its ports, unless 0). */
export type WhichForwards =
  | { readonly localPort: number }
  | { readonly peer: PeerKey; readonly remotePort: ServicePort };

/** How a port of a peer is wanted. */
type Wanted = Pick<Connection, "localPort" | "service">;

export class Forwards {
  readonly #deps: ForwardsDeps;
  readonly #turns = new Turns();
  /** Why a forward was not restored, so that it is reported once as long as it stays the same. */
  readonly #failures = new Map<string, string>();

  constructor(deps: ForwardsDeps) {
    this.#deps = deps;
  }

  /** The names of those that are there. */
  live(): Set<string> {
    const forwards = this.#deps.tunnels.listConnections();
    return new Set(forwards.map(({ peerId, remotePort }) => forwardKey(peerId, remotePort)));
  }

  /** As `Node.connectService`. */
  connect(
    peer: PeerKey,
    remotePort: ServicePort,
    localPort: number,
    service?: string,
  ): Promise<number> {
    return this.#turns.take(() => this.#connect(peer, remotePort, localPort, service));
  }

  async #connect(
    peer: PeerKey,
    remotePort: ServicePort,
    localPort: number,
    service?: string,
  ): Promise<number> {
    const { local, store, tunnels, saver, log, wake } = this.#deps;
    if (peer === local) {
      throw new PollenError("invalid_argument", "That service is this very node's.", {
        fix: `Use it at 127.0.0.1:${portNumber(remotePort)}.`,
      });
    }
    if (store.get(peer) === null) {
      throw new PollenError(
        "not_found",
        `peerID not recognised: nobody knows the node ${shortPeerKey(peer)}.`,
        { fix: "See `pollen status` for the nodes of this network." },
      );
    }
    const bound = await tunnels.connectService(peer, remotePort, localPort);
    const before = this.#wanted(peer, remotePort);
    try {
      const follows = service === undefined ? {} : { service };
      this.#want(peer, remotePort, [{ localPort: bound, ...follows }]);
      await saver.saveNow();
    } catch (thrown) {
      tunnels.disconnectRemoteService(peer, remotePort);
      this.#want(peer, remotePort, before);
      throw thrown;
    }
    wake(peer);
    log.info("forward opened", { peer, remotePort: showServicePort(remotePort), localPort: bound });
    return bound;
  }

  /** As `Node.disconnectService`. */
  disconnect(which: WhichForwards): Promise<ConnectionInfo[]> {
    return this.#turns.take(() => this.#disconnect(which));
  }

  async #disconnect(which: WhichForwards): Promise<ConnectionInfo[]> {
    const { tunnels, saver, log } = this.#deps;
    const meant = this.#find(which);
    if (meant.length === 0) {
      throw new PollenError("not_found", "There is no such forward on this node.", {
        fix: "See `pollen status` for the forwards that exist.",
      });
    }
    const before = meant.map(({ peerId, remotePort }) => this.#wanted(peerId, remotePort));
    for (const { peerId, remotePort } of meant) this.#want(peerId, remotePort, []);
    try {
      await saver.saveNow();
    } catch (thrown) {
      meant.forEach(({ peerId, remotePort }, at) => this.#want(peerId, remotePort, before[at]!));
      throw thrown;
    }
    for (const { peerId: peer, remotePort, localPort } of meant) {
      tunnels.disconnectRemoteService(peer, remotePort);
      this.#failures.delete(forwardKey(peer, remotePort));
      log.info("forward closed", { peer, remotePort: showServicePort(remotePort), localPort });
    }
    return meant;
  }

  /** Opens a wanted forward that is not there. */
  async restore(peer: PeerKey, remotePort: ServicePort, localPort: number): Promise<void> {
    const { tunnels, log } = this.#deps;
    const key = forwardKey(peer, remotePort);
    try {
      const bound = await tunnels.connectService(peer, remotePort, localPort);
      this.#failures.delete(key);
      if (bound !== localPort) {
        const [before] = this.#wanted(peer, remotePort);
        this.#want(peer, remotePort, [{ ...before, localPort: bound }]);
      }
      log.info("forward restored", {
        peer,
        remotePort: showServicePort(remotePort),
        localPort: bound,
      });
    } catch (thrown) {
      // An earlier attempt may have been slower than the pause between two.
      if (thrown instanceof PollenError && thrown.code === "already_exists") return;
      const reason = errorText(thrown);
      if (this.#failures.get(key) === reason) return;
      this.#failures.set(key, reason);
      log.warn("a forward was not restored", {
        peer,
        remotePort: showServicePort(remotePort),
        reason,
      });
    }
  }

  /** Leads a forward to where its service is now. What the disk refuses is tried again at the next start. */
  move(
    { peer, service, remotePort, toPort }: Extract<NodeOutput, { kind: "moveForward" }>,
  ): Promise<void> {
    return this.#turns.take(async () => {
      const { tunnels, saver, log } = this.#deps;
      const before = this.#wanted(peer, remotePort);
      // It was ended, or moved, since.
      if (!before.some((forward) => forward.service === service)) return;
      tunnels.retarget(peer, remotePort, toPort);
      this.#want(peer, remotePort, []);
      this.#want(peer, toPort, before);
      log.info("a forward follows its service", {
        peer,
        service,
        remotePort: showServicePort(remotePort),
        toPort: showServicePort(toPort),
      });
      await saver.saveNow();
    });
  }

  /** Forgets every forward to a peer that is no member any more. */
  drop(peer: PeerKey): void {
    this.#deps.store.removeDesiredConnection(peer, 0, 0);
    this.#deps.tunnels.disconnectPeer(peer);
  }

  /** Under which local ports, and names, a port of a peer is wanted: one, or more in a file of old. */
  #wanted(peer: PeerKey, remotePort: ServicePort): Wanted[] {
    return this.#deps.store.desiredConnections()
      .filter((connection) => connection.peerId === peer && connection.remotePort === remotePort);
  }

  /** Wants a port of a peer so and in no other way. */
  #want(peer: PeerKey, remotePort: ServicePort, wanted: readonly Wanted[]): void {
    const { store } = this.#deps;
    store.removeDesiredConnection(peer, remotePort, 0);
    if (store.isSubjectRevoked(peer)) return;
    for (const { localPort, service } of wanted) {
      store.addDesiredConnection(peer, remotePort, localPort, service);
    }
  }

  /** Those that are there, and those that are wanted and could not be opened. */
  #find(which: WhichForwards): ConnectionInfo[] {
    const live = this.#deps.tunnels.listConnections();
    const names = this.live();
    const missing = this.#deps.store.desiredConnections()
      .filter(({ peerId, remotePort }) => !names.has(forwardKey(peerId, remotePort)))
      .map(({ peerId, remotePort, localPort }): ConnectionInfo => ({
        peerId,
        remotePort,
        localPort,
        requestedPort: localPort,
        activeTunnels: 0,
        lastFailure: this.#failures.get(forwardKey(peerId, remotePort)) ?? "",
        droppedPackets: 0,
      }));
    return [...live, ...missing].filter(({ peerId, remotePort, localPort }) =>
      "localPort" in which
        ? localPort === which.localPort
        : peerId === which.peer && (which.remotePort === 0 || remotePort === which.remotePort)
    );
  }
}
