// The network for the registry beside a node: the node's own sessions, and what the replicated state
// says of everybody.

import { topologyOf } from "../node/mod.ts";
import type { NetworkBounds, NetworkLink, NetworkSource, NetworkView } from "../registry/mod.ts";
import type { Store } from "../store/mod.ts";
import { formatAddress, type Mesh, type PeerKey, type Session } from "../types/mod.ts";

/** What of a node it looks at. */
export interface RegistryNetworkDeps {
  readonly identity: { readonly peerKey: PeerKey };
  readonly mesh: Mesh<unknown, unknown>;
  readonly store: Store;
}

/** For whoever wants a session that is there, or none. */
const AT_ONCE = AbortSignal.abort();

/** Knows the network as one node does. */
export class RegistryNetwork implements NetworkSource {
  readonly #deps: RegistryNetworkDeps;

  constructor(deps: RegistryNetworkDeps) {
    this.#deps = deps;
  }

  /** See `NetworkSource.look`. */
  async look({ linksMax, servicesMax }: NetworkBounds): Promise<NetworkView> {
    const { identity: { peerKey: local }, store } = this.#deps;
    const sessions = await this.#sessions();
    const records = store.allNodes();
    const said = new Map([...records].map(([peer, { reachable }]) => [peer, reachable]));
    const connected = new Set(sessions.keys());
    const { online, links, omittedCount } = topologyOf({ local, connected, said }, linksMax);
    const ids = [...new Set([...records.keys(), ...online])].sort();
    const services = [...records].flatMap(([provider, { services }]) =>
      [...services].map(([name, port]) => ({
        name,
        port,
        provider,
        isReachable: provider === local || sessions.has(provider),
      }))
    );
    return {
      self: local,
      machines: ids.map((id) => ({
        id,
        isOnline: online.has(id),
        address: addressOf(sessions.get(id) ?? null),
      })),
      links: links.map(([from, to]) => {
        const peer = from === local ? to : to === local ? from : null;
        return linkOf(from, to, peer === null ? null : sessions.get(peer) ?? null);
      }),
      omittedLinks: omittedCount,
      services: services.slice(0, servicesMax),
      omittedServices: Math.max(0, services.length - servicesMax),
    };
  }

  async #sessions(): Promise<Map<PeerKey, Session>> {
    const { mesh } = this.#deps;
    const pairs = await Promise.all(
      mesh.connectedPeers().map(async (peer) => {
        const session = await mesh.session(peer, AT_ONCE).catch(() => null);
        return [peer, session] as const;
      }),
    );
    return new Map(pairs.filter((pair): pair is [PeerKey, Session] => pair[1] !== null));
  }
}

/** @param session Ours, where the link is one of ours. */
function linkOf(from: PeerKey, to: PeerKey, session: Session | null): NetworkLink {
  const latencyMs = session === null ? null : round(session.stats().rttMs);
  return { from, to, path: "direct", carrier: null, latencyMs };
}

function addressOf(session: Session | null): string {
  return session === null ? "" : formatAddress(session.remoteAddress);
}

/** To a hundredth: more is noise. */
function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
