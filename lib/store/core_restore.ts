// From one run to the next. What describes the network outlives a run (peers, services, forwards,
// revocations); what describes the run itself ends with it: reachability, the port seen from
// outside, public accessibility. The next run announces their end, or they would stay for ever at
// nodes that missed it.

import {
  assertNever,
  COUNTER_JUMP_MAX,
  COUNTER_MAX,
  COUNTER_RESERVE,
  type LimitCounter,
  parsePeerKey,
  type PeerKey,
  peerKeyBytes,
  type ServicePort,
  uncounted,
} from "../types/mod.ts";
import { Core } from "./core.ts";
import { serviceChange } from "./core_announce.ts";
import type { Change } from "./core_attribute.ts";
import type { Authority, Snapshot } from "./records.ts";

/** The state at the start of a run. Our own events get counters above all of the earlier run. */
export function restore(
  local: PeerKey,
  authority: Authority,
  snapshot: Snapshot | null,
  limits: LimitCounter = uncounted,
): Core {
  const core = new Core(local, authority, limits);
  if (snapshot !== null && snapshot.counter > 0n) {
    const ceiling = COUNTER_MAX - COUNTER_JUMP_MAX;
    const next = snapshot.counter + COUNTER_RESERVE;
    core.own.raiseCounter(next < ceiling ? next : ceiling);
  }
  core.own.publish({
    kind: "identityPub",
    value: { identityPub: peerKeyBytes(local), certExpiryUnix: 0n },
  });
  if (snapshot === null) return core;

  for (const [name, port] of snapshot.services) {
    if (core.own.hasRoom) core.own.publish(serviceChange(name, port));
  }
  for (const revocation of snapshot.revocations) core.restoreRevocation(revocation);
  for (const change of endedChanges(snapshot)) core.own.bury(change);
  for (const peer of snapshot.peers) core.known.remember(peer);
  for (const connection of snapshot.connections) {
    if (!core.isRevoked(connection.peerId)) core.connections.add(connection);
  }
  return core;
}

/** What the next run needs to know. */
export function takeSnapshot(core: Core): Snapshot {
  const ended = {
    services: [] as string[],
    reachability: [] as PeerKey[],
    externalPort: false,
    publiclyAccessible: false,
  };
  const services = new Map<string, ServicePort>();
  for (const { change, deleted } of core.own.events()) {
    switch (change?.kind) {
      case "service":
        if (deleted) ended.services.push(change.value.name);
        else services.set(change.value.name, change.value.port);
        break;
      case "reachability":
        ended.reachability.push(parsePeerKey(change.value.peerId));
        break;
      case "externalPort":
        ended.externalPort = true;
        break;
      case "publiclyAccessible":
        ended.publiclyAccessible = true;
        break;
      case "network":
      case "identityPub":
      case "revocation":
      case undefined:
        break;
      default:
        assertNever(change);
    }
  }
  ended.services.sort();
  ended.reachability.sort();
  return {
    counter: core.own.counter,
    ended,
    services: new Map([...services].sort(([a], [b]) => a < b ? -1 : 1)),
    peers: [...core.known.all().values()].filter(({ peer }) => peer !== core.local),
    connections: core.connections.list(),
    revocations: core.revocations().map(([, revocation]) => revocation),
  };
}

function endedChanges({ ended }: Snapshot): Change[] {
  return [
    ...ended.services.map((name): Change => ({ kind: "service", value: { name, port: 0 } })),
    ...ended.reachability.map((peerId): Change => ({ kind: "reachability", value: { peerId } })),
    ...(ended.externalPort
      ? [{ kind: "externalPort", value: { externalPort: 0 } } satisfies Change]
      : []),
    ...(ended.publiclyAccessible
      ? [{ kind: "publiclyAccessible", value: {} } satisfies Change]
      : []),
  ];
}
