// The forwards that are wanted, against those that are there: what is missing is restored, and what
// follows a service goes to the port where that is now. Pure.

import type { Store } from "../store/mod.ts";
import { isUdpPort, type PeerKey, type ServicePort } from "../types/mod.ts";
import type { NodeOutput } from "./steps.ts";

/** The name of a forward: it is the only one to that port of that peer. */
export function forwardKey(peer: PeerKey, remotePort: ServicePort): string {
  return `${peer}:${remotePort}`;
}

/** @param live The names of those that are there. */
export function restoreForwards(store: Store, live: ReadonlySet<string>): NodeOutput[] {
  const wanted = store.desiredConnections();
  const taken = new Set(wanted.map(({ peerId, remotePort }) => forwardKey(peerId, remotePort)));
  return wanted.flatMap(({ peerId: peer, remotePort, localPort, service }): NodeOutput[] => {
    const toPort = store.get(peer)?.services.get(service ?? "");
    const follows = service !== undefined && toPort !== undefined &&
      isUdpPort(toPort) === isUdpPort(remotePort) && !taken.has(forwardKey(peer, toPort));
    if (follows) {
      return [{ kind: "moveForward", peer, service, remotePort, toPort }];
    }
    if (live.has(forwardKey(peer, remotePort))) return [];
    return [{ kind: "restoreForward", peer, remotePort, localPort }];
  });
}
