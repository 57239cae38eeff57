// What people are told of ports: the services that there are, and the forwards of this node.

import type { ConnectionSummary, ServiceSummary } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import type { ConnectionInfo } from "../tunnel/mod.ts";
import { isUdpPort, peerKeyBytes, portNumber, type ServicePort } from "../types/mod.ts";
import type { NodeServiceDeps } from "./service_deps.ts";

/** Who knows of services, and of what was dropped at our own. */
type PortSources = Pick<NodeServiceDeps, "store" | "tunnels" | "local">;

/** All services of all nodes, by name, then by port. */
export function serviceSummaries({ store, tunnels, local }: PortSources): ServiceSummary[] {
  const services = [...store.allNodes()].flatMap(([peer, record]) =>
    [...record.services].map(([name, port]) => ({
      name,
      port: portNumber(port),
      ...udpFields(port, peer === local ? tunnels.droppedAt(port) : 0),
      provider: { peerId: peerKeyBytes(peer) },
    }))
  );
  return services.sort((a, b) =>
    compare(a.name, b.name) || a.port - b.port ||
    Number(a.udp ?? false) - Number(b.udp ?? false) ||
    compare(a.provider.peerId.toHex(), b.provider.peerId.toHex())
  );
}

/** A forward, and the name of the service that it leads to. */
export function forwardSummary(forward: ConnectionInfo, store: Store): ConnectionSummary {
  const services = [...(store.get(forward.peerId)?.services ?? [])];
  const names = services.filter(([, port]) => port === forward.remotePort).map(([name]) => name);
  const wanted = store.desiredConnections().find(({ peerId, remotePort }) =>
    peerId === forward.peerId && remotePort === forward.remotePort
  );
  return {
    peer: { peerId: peerKeyBytes(forward.peerId) },
    remotePort: portNumber(forward.remotePort),
    localPort: forward.localPort,
    // What was asked for, also when the port has other names, or none any more.
    serviceName: wanted?.service ?? names.sort()[0] ?? "",
    requestedLocalPort: forward.requestedPort,
    activeTunnels: forward.activeTunnels,
    lastFailure: forward.lastFailure,
    ...udpFields(forward.remotePort, forward.droppedPackets),
  };
}

/** What is said of a port of UDP alone. */
function udpFields(
  port: ServicePort,
  dropped: number,
): { readonly udp?: boolean; readonly droppedPackets?: bigint } {
  return isUdpPort(port) ? { udp: true, droppedPackets: BigInt(dropped) } : {};
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
