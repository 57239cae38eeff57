// The network for the registry beside a node: the node's own sessions, and what the replicated state
// says of everybody.

import { topologyOf } from "../node/mod.ts";
import type { NetworkBounds, NetworkSource, NetworkView } from "../registry/mod.ts";
import type { Store } from "../store/mod.ts";
import {
  formatAddress,
  isUdpPort,
  type Mesh,
  type PeerKey,
  type PeerPath,
  portNumber,
} from "../types/mod.ts";
import { type PagesOfLinks, ToldLinks, type Way } from "./told_links.ts";

/** What of a node it looks at. */
export interface RegistryNetworkDeps {
  readonly identity: { readonly peerKey: PeerKey };
  readonly mesh: Pick<Mesh<unknown, unknown>, "connectedPeers" | "peerPath">;
  readonly store: Pick<Store, "allNodes"> & { readonly agents: PagesOfLinks };
}

/** Knows the network as one node does. */
export class RegistryNetwork implements NetworkSource {
  readonly #deps: RegistryNetworkDeps;

  constructor(deps: RegistryNetworkDeps) {
    this.#deps = deps;
  }

  /** See `NetworkSource.look`. */
  look({ linksMax, servicesMax }: NetworkBounds): Promise<NetworkView> {
    const { identity: { peerKey: local }, mesh, store } = this.#deps;
    const paths = new Map(mesh.connectedPeers().map((peer) => [peer, mesh.peerPath(peer)]));
    const records = store.allNodes();
    const said = new Map([...records].map(([peer, { reachable }]) => [peer, reachable]));
    const connected = new Set(paths.keys());
    const { online, links, omittedCount } = topologyOf({ local, connected, said }, linksMax);
    const ids = [...new Set([...records.keys(), ...online])].sort();
    const told = new ToldLinks(store.agents, ids);
    const services = [...records].flatMap(([provider, { services }]) =>
      [...services].map(([name, port]) => ({
        name,
        port: portNumber(port),
        transport: isUdpPort(port) ? "udp" as const : "tcp" as const,
        provider,
        isReachable: provider === local || connected.has(provider),
      }))
    );
    return Promise.resolve({
      self: local,
      machines: ids.map((id) => {
        const address = paths.get(id)?.address ?? null;
        return {
          id,
          isOnline: online.has(id),
          address: address === null ? "" : formatAddress(address),
        };
      }),
      links: links.map(([from, to]) => {
        const peer = from === local ? to : to === local ? from : null;
        const own = peer === null ? null : paths.get(peer) ?? null;
        return { from, to, ...(own === null ? told.way(from, to) : ownWay(own)) };
      }),
      omittedLinks: omittedCount,
      services: services.slice(0, servicesMax),
      omittedServices: Math.max(0, services.length - servicesMax),
    });
  }
}

function ownWay({ address, carrier, rttMs }: PeerPath): Way {
  const latencyMs = Math.round(100 * rttMs) / 100;
  return { path: address === null ? "relayed" : "direct", carrier, latencyMs };
}
