// What the tunnels order from the engine, with nobody behind it: when they begin, and how the bytes
// before a tunnel look.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { Manager } from "../../../lib/tunnel/mod.ts";
import {
  BoundedQueue,
  type Forwarder,
  type IncomingStream,
  type PeerKey,
  PollenError,
  type ServeRule,
  servicePort,
  type Session,
  type SessionWatcher,
  silentLog,
  type StreamTransport,
  type TcpListener,
} from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { modelFlows } from "../../support/model_forwarder.ts";
import { key } from "../store/fixtures.ts";

const PEER = key(0x22);

function make() {
  const streams = new BoundedQueue<IncomingStream>(4);
  const heads: { serve: string[]; route: string[] } = { serve: [], route: [] };
  const watchers: SessionWatcher[] = [];
  let accepts = 0;
  const transport: StreamTransport = {
    session: () => Promise.reject(new PollenError("cancelled", "nobody is there")),
    openStream: () => Promise.reject(new PollenError("cancelled", "nobody is there")),
    acceptStream: () => {
      accepts++;
      return streams.next();
    },
    watch: (watcher) => void watchers.push(watcher),
  };
  const forwarder: Forwarder = {
    listen: ({ ip, port }): Promise<TcpListener> => {
      const closed = new BoundedQueue<never>(1);
      const address = { ip, port };
      return Promise.resolve({
        address,
        accept: () => closed.next(),
        close: () => void closed.close(),
      });
    },
    bridgeToSession: () => {
      throw new Error("nothing is bridged here");
    },
    bridgeToTcp: () => {
      throw new Error("nothing is bridged here");
    },
    route: (_listener, _session, head) => {
      heads.route.push(head.toHex());
      return { withdraw() {} };
    },
    serve: (head): ServeRule => {
      heads.serve.push(head.toHex());
      return { allow() {}, withdraw() {} };
    },
  };
  const tunnels = Manager.create({
    transport,
    forwarder,
    flows: modelFlows(new Set(), () => 0),
    clock: new FakeClock(),
    log: silentLog,
  });
  return {
    tunnels,
    heads,
    watchers,
    accepts: () => accepts,
    async [Symbol.asyncDispose]() {
      streams.close();
      await tunnels.close();
    },
  };
}

Deno.test("tunnels that were made accept nothing before they are started", async () => {
  await using made = make();
  deepEqual([made.watchers.length, made.accepts()], [0, 0]);
  made.tunnels.start();
  deepEqual([made.watchers.length, made.accepts()], [1, 1]);
});

Deno.test("a tunnel begins with its service's port, the high byte first, behind its kind in pollen/2", async () => {
  await using made = make();
  made.tunnels.start();
  made.tunnels.registerService(0x1f90);
  deepEqual(made.heads.serve, ["011f90", "1f90"]);
  equal(await made.tunnels.connectService(PEER, 0x0102, 0), 0x0102);
  for (const alpn of ["pollen/1", "pollen/2"]) {
    made.watchers[0]!.changed(PEER as PeerKey, { alpn } as Session);
  }
  deepEqual(made.heads.route, ["0102", "010102"]);
});

Deno.test("a UDP service is not to be had over pollen/1, and the reason is told", async () => {
  await using made = make();
  made.tunnels.start();
  const udp = servicePort(53, true);
  const lead = (alpn: string | null) =>
    made.watchers[0]!.changed(PEER as PeerKey, alpn === null ? null : { alpn } as Session);
  const failure = () => made.tunnels.listConnections()[0]!.lastFailure;
  lead("pollen/1");
  await rejects(made.tunnels.connectService(PEER, udp, 0), { code: "unsupported" });
  lead(null);
  equal(await made.tunnels.connectService(PEER, udp, 0), 53);
  equal(await made.tunnels.connectService(PEER, 53, 0), 53);
  const forwards = () => made.tunnels.listConnections().map(({ remotePort }) => remotePort).sort();
  deepEqual(forwards(), [53, udp]);
  made.tunnels.disconnectRemoteService(PEER, 53);
  deepEqual(forwards(), [udp]);
  lead("pollen/1");
  match(failure(), /speaks pollen\/1/);
  lead("pollen/2");
  equal(failure(), "");
  equal(made.tunnels.disconnectLocalPort(53), true);
  deepEqual(forwards(), []);
});
