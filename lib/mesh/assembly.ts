// How the parts of a mesh are put together: who is made of what, and who calls back whom.

import { SockStore } from "../sock/mod.ts";
import {
  Capability,
  LogThrottle,
  type PeerKey,
  type Session,
  Tasks,
  uncounted,
} from "../types/mod.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { HeldSockets } from "./held_sockets.ts";
import { Links } from "./links.ts";
import type { MeshOptions } from "./mesh_options.ts";
import { Paths } from "./paths.ts";
import { handOutRawPackets } from "./raw_packets.ts";
import { Reception } from "./reception.ts";
import { Redemptions } from "./redemptions.ts";
import { SessionRegistry } from "./registry.ts";
import { Relays } from "./relays.ts";
import { Sessions } from "./sessions.ts";
import { Verdict } from "./verdict.ts";

/** The parts that a mesh's door leads to. */
export interface Parts {
  readonly tasks: Tasks;
  readonly throttledLog: LogThrottle;
  readonly verdict: Verdict;
  readonly registry: SessionRegistry;
  readonly links: Links;
  readonly relays: Relays;
  readonly paths: Paths;
  readonly sockStore: SockStore;
  readonly sessions: Sessions;
}

/** Puts the parts together and begins to take what comes to the engine, whose protocols are set. */
export function assemble(options: MeshOptions): Parts {
  const { engine, clock, random, log, version, credentials, redeemer, carries = false } = options;
  const common = {
    clock,
    log,
    limits: options.limits ?? uncounted,
    throttledLog: new LogThrottle(log, clock),
    tasks: new Tasks(log, "a task of the mesh failed"),
  };
  const { tasks, limits } = common;
  const verdict = new Verdict(options);
  const gatekeeper = new Gatekeeper();
  const registry = new SessionRegistry(options.identity.peerKey, limits);
  const current = (peer: PeerKey) => registry.get(peer);

  const redemptions = new Redemptions({
    ...common,
    clusterId: credentials.trust.clusterId,
    redeemer,
    peersWith: (capability) =>
      registry.peers().flatMap((peer): [PeerKey, Session][] => {
        const session = registry.get(peer);
        const has = links.peerLink(peer)?.capabilities.includes(capability) ?? false;
        return session !== null && has ? [[peer, session]] : [];
      }),
  });
  const capabilities = [
    ...redemptions.capabilities,
    Capability.relay,
    ...(carries ? [Capability.carry] : []),
  ];
  const links = new Links({
    ...common,
    hello: { version, capabilities },
    current,
    redemption: (peer, stream) => tasks.run(redemptions.serve(peer, stream)),
  });
  const relays = new Relays({ engine, current });
  const paths = new Paths({
    ...common,
    engine,
    relays,
    candidates: (peer) => options.candidates?.(peer) ?? [],
    onMoved: (peer, session) => sessions.moved(peer, session),
    onSilent: (peer, session) => sessions.silent(peer, session),
  });
  const sockStore = new SockStore({
    clock,
    random,
    limits,
    send: (to, bytes) => engine.sendRaw(to, bytes),
    openSocket: () => engine.openSocket(),
  });
  const heldSockets = new HeldSockets(sockStore);
  const sessions = new Sessions({
    ...common,
    verdict,
    gatekeeper,
    heldSockets,
    registry,
    links,
    paths,
  });
  const reception = new Reception({
    ...common,
    engine,
    verdict,
    sessions,
    redeemer,
    redemptions,
  });

  engine.setGatekeeper((attempt) => gatekeeper.decide(attempt, clock.monotonicNow()));
  tasks.run(reception.run());
  const receivers = [paths, sockStore].map((receiver) => receiver.received.bind(receiver));
  tasks.run(handOutRawPackets(engine, receivers));
  return { ...common, verdict, registry, links, relays, paths, sockStore, sessions };
}
