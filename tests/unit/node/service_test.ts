// What the command line may ask: each request is checked before anything happens, and the status
// is complete, sorted, and not at the mercy of what others tell.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { NodeService, type NodeServiceDeps } from "../../../lib/node/mod.ts";
import { CertHealth, NodeStatus } from "../../../lib/proto/mod.ts";
import {
  COUNTER_FIRST_MAX,
  type PeerKey,
  peerKeyBytes,
  PollenError,
} from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { DAY_MS, makeDelegate, NOW, NOW_SECONDS } from "../auth/fixtures.ts";
import { event, key, network as network_, service as service_ } from "../store/fixtures.ts";
import { network, RunningNode } from "./running.ts";

const HOUR_MS = 3_600_000;
const [LOW, HIGH] = [key(0x01), key(0xfe)];
const founder = network.founder;

/** The service of a running node, with some of its parts replaced. */
function serviceOf(running: RunningNode, change: Partial<NodeServiceDeps> = {}): NodeService {
  const { node, at, store, tunnels, clock } = running.parts;
  return NodeService.create({
    node,
    local: running.key,
    mesh: at.mesh,
    store,
    tunnels,
    certificate: () => founder.credentials.cert,
    signer: network.root.signer,
    clock,
    shutdown() {},
    ...change,
  });
}

function refused(code: PollenError["code"], text: RegExp) {
  return (thrown: unknown) => {
    if (!(thrown instanceof PollenError)) throw thrown;
    equal(thrown.code, code, thrown.text);
    match(thrown.text, text);
    return true;
  };
}

function ref(peer: PeerKey) {
  return { peerId: peerKeyBytes(peer) };
}

Deno.test("a request out of range is refused, and nothing was changed", async () => {
  await using running = await RunningNode.start(founder);
  const { service } = running.parts;
  const port = refused("invalid_argument", /is not a port\. Give a number from 1 to 65535\./);
  const name = refused("invalid_argument", /cannot name a service\. Use 1 to 64 printable/);
  const anyKey = refused("invalid_argument", /./);
  const node = ref(LOW);
  for (const wrong of [0, 65_536, 4_294_967_295, 1.5]) {
    await rejects(service.registerService({ port: wrong, name: "web" }), port);
    await rejects(service.unregisterService({ port: wrong }), port);
    await rejects(service.connectService({ node, remotePort: wrong, localPort: 0 }), port);
    if (wrong === 0) continue;
    await rejects(service.connectService({ node, remotePort: 80, localPort: wrong }), port);
    await rejects(service.disconnectService({ localPort: wrong, remotePort: 0 }), port);
    await rejects(service.disconnectService({ localPort: 0, node, remotePort: wrong }), port);
  }
  await rejects(service.disconnectService({ localPort: 0, remotePort: 0 }), port);
  for (const wrong of ["", "x".repeat(65), "a\nb", "a\u0000", "a\u2028b", "\u0085"]) {
    await rejects(service.registerService({ port: 80, name: wrong }), name);
  }
  for (const peerId of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(33)]) {
    const wrong = { peerId };
    await rejects(service.connectService({ node: wrong, remotePort: 80, localPort: 0 }), anyKey);
    await rejects(service.disconnectService({ node: wrong, localPort: 0, remotePort: 0 }), anyKey);
    await rejects(service.connectPeer({ peerId, addrs: ["127.0.0.1:1"] }), anyKey);
    await rejects(service.revokePeer({ peerId }), anyKey);
  }
  await rejects(service.connectService({ remotePort: 80, localPort: 0 }), anyKey);
  equal(running.parts.store.localServices().size, 0);
  deepEqual(running.parts.store.desiredConnections(), []);
  deepEqual(running.parts.tunnels.listConnections(), []);
});

Deno.test("what is not there is said to be not there, with what to do", async () => {
  await using running = await RunningNode.start(founder);
  const { service } = running.parts;
  const missing = (text: RegExp) => refused("not_found", text);
  await rejects(service.unregisterService({ port: 80 }), missing(/does not serve port 80\. See/));
  await rejects(
    service.unregisterService({ port: 0, name: "web" }),
    missing(/does not serve "web"\. See/),
  );
  await rejects(
    service.disconnectService({ localPort: 80, remotePort: 0 }),
    missing(/no such forward.*See/),
  );
  await rejects(
    service.connectService({ node: ref(LOW), remotePort: 80, localPort: 0 }),
    missing(/^peerID not recognised: nobody knows the node 01010101\..*See `pollen status`/),
  );
  await rejects(
    service.connectService({ node: ref(running.key), remotePort: 80, localPort: 0 }),
    refused("invalid_argument", /this very node's\. Use it at 127\.0\.0\.1:80\./),
  );
  await rejects(
    service.connectPeer({ peerId: peerKeyBytes(LOW), addrs: ["nowhere.invalid:1"] }),
    refused("unreachable", /can be resolved: nowhere\.invalid:1\. Write each as host:port\./),
  );
});

Deno.test("a service without a name is called by its port", async () => {
  await using running = await RunningNode.start(founder);
  await running.parts.service.registerService({ port: 8_080 });
  deepEqual([...running.parts.store.localServices().keys()], ["8080"]);
  deepEqual(await running.parts.service.unregisterService({ port: 8_080 }), {
    names: ["8080"],
    port: 8_080,
  });
});

Deno.test("only the root revokes, and not itself", async () => {
  await using running = await RunningNode.start(founder);
  const { store } = running.parts;
  const request = { peerId: peerKeyBytes(LOW) };
  await rejects(
    serviceOf(running, { signer: null }).revokePeer(request),
    refused("failed_precondition", /cannot revoke peers\. Revoke on the node where/),
  );
  const signer = await makeDelegate(network.root);
  await rejects(
    serviceOf(running, { signer }).revokePeer(request),
    refused("refused", /only the root admin can revoke peers\. Revoke on the node/),
  );
  const service = serviceOf(running);
  await rejects(
    service.revokePeer({ peerId: peerKeyBytes(running.key) }),
    refused("invalid_argument", /cannot revoke itself/),
  );
  deepEqual(store.revokedSubjects(), []);
  // Also somebody nobody has met: the revocation is there before the peer is.
  deepEqual(await service.revokePeer(request), {});
  deepEqual(await service.revokePeer(request), {});
  deepEqual(store.revokedSubjects(), [LOW]);
});

Deno.test("the status has everything in order: online nodes first, then by key", async () => {
  await using running = await RunningNode.start(founder);
  const other = await network.member(20);
  await using _online = await RunningNode.start(other, { bootstrapPeers: [running.bootstrap] });
  await running.until("peer connected");
  const { store, service, tunnels } = running.parts;
  store.applyEvents([
    event(HIGH, 1n, network_("10.0.0.5", 4_000)),
    event(HIGH, 2n, service_("web", 80)),
    event(HIGH, 3n, service_("also", 80)),
    event(LOW, 1n, service_("web", 443)),
    event(LOW, 2n, service_("web2", 443)),
  ]);
  await service.registerService({ port: 80, name: "web" });
  const local = await tunnels.connectService(HIGH, 80, 0);
  const status = await service.getStatus();
  equal(status.self!.addr, running.address);
  equal(status.self!.status, NodeStatus.ONLINE);
  deepEqual(status.nodes.map(({ node, status }) => [node!.peerId.toHex(), status]), [
    [other.key, NodeStatus.ONLINE],
    [LOW, NodeStatus.OFFLINE],
    [HIGH, NodeStatus.OFFLINE],
  ]);
  deepEqual(status.nodes.map(({ addr }) => addr).slice(1), ["", "10.0.0.5:4000"]);
  const web = [running.key, HIGH].sort().map((peer) => ["web", 80, peer]);
  deepEqual(
    status.services.map(({ name, port, provider }) => [name, port, provider!.peerId.toHex()]),
    [["also", 80, HIGH], ...web, ["web", 443, LOW], ["web2", 443, LOW]],
  );
  deepEqual(status.connections, [{
    peer: ref(HIGH),
    remotePort: 80,
    localPort: local,
    serviceName: "also",
    requestedLocalPort: 0,
    activeTunnels: 0,
    lastFailure: "",
  }]);
  store.removeDesiredConnection(HIGH, 0, 0);
});

Deno.test("the status names the limits that refused something, and how often", async () => {
  await using running = await RunningNode.start(founder);
  const { store, service, lines } = running.parts;
  equal((await service.getStatus()).limitsReached.size, 0);
  const far = event(LOW, COUNTER_FIRST_MAX + 1n, service_("web", 80));
  store.applyEvents([far, far, far]);
  deepEqual([...(await service.getStatus()).limitsReached], [["counter_jump", 3n]]);
  const logged = lines.filter(({ fields }) => fields["limit"] === "counter_jump");
  deepEqual(logged.map(({ level }) => level), ["warn"]);
  await running.stop();
  // What was counted since is logged by the node that ends.
  deepEqual(lines.filter(({ fields }) => fields["limit"] !== undefined).at(-1)!.fields, {
    limit: "counter_jump",
    count: 2,
  });
});

Deno.test("an odd address that somebody tells of itself does not break the status", async () => {
  await using running = await RunningNode.start(founder);
  const { store, service } = running.parts;
  const odd = ["fe80::1%eth0", "::ffff:10.0.0.1", "0.0.0.0", "::", "nonsense", "", "10.0.0.1/8"];
  odd.forEach((ip, at) => store.applyEvents([event(key(0x40 + at), 1n, network_(ip))]));
  const { nodes } = await service.getStatus();
  for (const { addr } of nodes) match(addr, /^$|:60611$/);
});

Deno.test("the membership's health is told before it ends", async () => {
  await using running = await RunningNode.start(founder);
  const { OK, RENEWING, EXPIRING_SOON, EXPIRED } = CertHealth;
  const subject = key(0x40);
  const rows: [
    what: string,
    days: number,
    nonRenewable: boolean,
    [leftMs: number, CertHealth][],
  ][] = [
    ["a guest's", 10, true, [
      [7 * DAY_MS + 1_000, OK],
      [7 * DAY_MS, EXPIRING_SOON],
      [1_000, EXPIRING_SOON],
      [0, EXPIRED],
    ]],
    ["a year's", 365, false, [
      [30 * DAY_MS + 1_000, OK],
      [30 * DAY_MS, RENEWING],
      [7 * DAY_MS + 1_000, RENEWING],
      [7 * DAY_MS, EXPIRING_SOON],
      [1_000, EXPIRING_SOON],
      [0, EXPIRED],
    ]],
    // A sixth, and a twenty-fourth; it began a minute before it was issued.
    ["a day's", 1, false, [
      [4 * HOUR_MS + 11_000, OK],
      [4 * HOUR_MS + 10_000, RENEWING],
      [HOUR_MS + 3_000, RENEWING],
      [HOUR_MS + 2_000, EXPIRING_SOON],
      [0, EXPIRED],
    ]],
  ];
  for (const [what, days, nonRenewable, moments] of rows) {
    const ttlMs = days * DAY_MS;
    const request = { subject, ttlMs, nonRenewable, now: NOW };
    const certificate = network.root.signer.issueMembership(request);
    for (const [leftMs, health] of moments) {
      // Others allow for a minute of difference between clocks.
      const clock = new FakeClock(NOW + ttlMs + 60_000 - leftMs);
      const service = serviceOf(running, { certificate: () => certificate, clock });
      const [info] = (await service.getStatus()).certificates;
      equal(info!.health, health, `${what} membership, ${leftMs} ms before its end`);
      equal(info!.notAfterUnix, NOW_SECONDS + BigInt(days) * 86_400n);
    }
  }
});

Deno.test("who asks where this node is gets every address it tells others", async () => {
  await using running = await RunningNode.start(founder, {
    advertisedIps: ["10.0.0.7", "2001:db8::7"],
  });
  const { self } = await running.parts.service.getBootstrapInfo();
  const { port } = running.parts.at.address;
  deepEqual(self, { peer: ref(running.key), addrs: [`10.0.0.7:${port}`, `[2001:db8::7]:${port}`] });
});
