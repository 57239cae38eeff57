// Two members and what travels between them: presence, envelopes, streams, and the end.

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { Envelope } from "../../lib/proto/mod.ts";
import {
  ALPN_MEMBER_1,
  ALPN_MEMBER_2,
  type Session,
  tunnelHead,
  tunnelPort,
} from "../../lib/types/mod.ts";
import {
  connectedPair,
  inTime,
  nextNumber,
  numbered,
  present,
  TestMesh,
  TestNetwork,
} from "./support.ts";

const network = await TestNetwork.found();
const members = await network.pair();

Deno.test("two members connect: each lists the other, who dialled is told", async () => {
  await using a = await TestMesh.open(members[0]);
  await using b = await TestMesh.open(members[1]);
  const waiting = b.mesh.session(a.key);
  await a.connect(b);
  const [atA, atB] = [await a.event(), await b.event()];
  const protocol = "pollen/2";
  deepEqual(atA, { kind: "connected", peer: b.key, address: b.address, inbound: false, protocol });
  deepEqual(atB, { kind: "connected", peer: a.key, address: a.address, inbound: true, protocol });
  deepEqual(a.mesh.connectedPeers(), [b.key]);
  deepEqual(b.mesh.connectedPeers(), [a.key]);
  deepEqual(a.mesh.getActivePeerAddress(b.key), b.address);
  equal((await inTime(waiting, "the session")).inbound, true);
  equal(a.mesh.listenPort, a.address.port);
  // A second call finds the session and dials nobody.
  await a.connect(b, []);
  equal(a.sessions.all.length, 1);
});

Deno.test("envelopes travel both ways; what is none is ignored", async () => {
  const [one, two] = await connectedPair(members, { isOld: true });
  await using a = one;
  await using b = two;
  a.mesh.send(b.key, numbered(7n));
  equal(await nextNumber(b), 7n);
  const session = await a.mesh.session(b.key);
  for (const bytes of [Uint8Array.of(0xff, 0xff), new Uint8Array(0), new Uint8Array(600)]) {
    equal(session.sendDatagram(bytes), "sent");
  }
  // A kind that this version does not know.
  equal(session.sendDatagram(Uint8Array.of(0xa2, 0x06, 1, 0)), "sent");
  a.mesh.send(b.key, numbered(8n));
  equal(await nextNumber(b), 8n);
  b.mesh.send(a.key, numbered(9n));
  equal(await nextNumber(a), 9n);
});

Deno.test("what does not fit a datagram and who is not there are told apart", async () => {
  const [one, two] = await connectedPair(members, { isOld: true });
  await using a = one;
  await using b = two;
  const large = Envelope.create({
    body: { kind: "observedAddress", value: { addr: "x".repeat(60_000) } },
  });
  throws(() => a.mesh.send(b.key, large), { code: "too_large" });
  throws(() => a.mesh.send(network.founder.key, numbered(1n)), { code: "unreachable" });
  a.mesh.send(b.key, numbered(2n));
  equal(await nextNumber(b), 2n);
});

Deno.test("a tunnel comes with its port and its peer, whichever protocol is spoken", async () => {
  for (const [alpn, isOld] of [[ALPN_MEMBER_1, true], [ALPN_MEMBER_2, false]] as const) {
    const [one, two] = await connectedPair(members, { isOld });
    await using a = one;
    await using b = two;
    const stream = await a.mesh.openStream(b.key);
    await stream.write(Uint8Array.from([...tunnelHead(alpn, 8_080), 1, 2, 3]));
    const incoming = present(await inTime(b.mesh.acceptStream(), "a stream"));
    equal(incoming.peer, a.key);
    equal(tunnelPort(incoming.stream), 8_080);
    deepEqual(await inTime(incoming.stream.read(), "bytes"), Uint8Array.of(1, 2, 3));
  }
});

Deno.test("ending a session is told at both ends, and ending it again is nothing", async () => {
  const [one, two] = await connectedPair(members);
  await using a = one;
  await using b = two;
  a.mesh.closePeerSession(b.key, "disconnected");
  a.mesh.closePeerSession(b.key, "disconnected");
  a.mesh.closePeerSession(network.founder.key, "disconnected");
  deepEqual(a.mesh.connectedPeers(), []);
  const ours = await a.event();
  deepEqual(ours, {
    kind: "disconnected",
    peer: b.key,
    reason: "graceful",
    text: "disconnected",
    isRemote: false,
  });
  deepEqual(await b.disconnected(a), { ...ours, peer: a.key, isRemote: true });
  equal(b.mesh.getActivePeerAddress(a.key), null);
  // No second event: the next one is of the next session.
  await b.connect(a);
  equal((await a.event()).kind, "connected");
});

Deno.test("the end of a mesh ends everything that waits on it, and is told to the peers", async () => {
  const [a, b] = await connectedPair(members);
  const stranger = network.founder.key;
  const failing = rejects(a.mesh.session(stranger), { code: "closed" });
  const ends = [
    a.mesh.recv(),
    a.mesh.recvFrame(),
    a.mesh.nextPeerEvent(),
    a.mesh.acceptStream(),
  ];
  await Promise.all([a.mesh.close("shutdown"), a.mesh.close("again")]);
  deepEqual(await Promise.all(ends), [null, null, null, null]);
  await failing;
  const event = await b.disconnected(a);
  deepEqual([event.reason, event.text], ["graceful", "shutdown"]);
  await rejects(a.mesh.connect(b.key, [b.address], { timeoutMs: 1_000 }), { code: "closed" });
  throws(() => a.mesh.send(b.key, numbered(1n)), { code: "unreachable" });
  await b.mesh.close("shutdown");
});

Deno.test("a dial that runs when the mesh is closed fails as closed", async () => {
  const a = await TestMesh.open(members[0]);
  await using b = await TestMesh.open(members[1]);
  const dialling = rejects(a.connect(b), { code: "closed" });
  await a.mesh.close("shutdown");
  await dialling;
});

Deno.test("a watcher hears of the sessions that are there, and of each change when it happens", async () => {
  const [near, far] = await connectedPair(members);
  await using _near = near;
  await using _far = far;
  const heard: string[] = [];
  let current: Session | null = null;
  near.mesh.watch({
    admitted: (peer) => void heard.push(`admitted ${peer === far.key}`),
    changed: (peer, session) => {
      current = session;
      heard.push(`${session === null ? "gone" : "there"} ${peer === far.key}`);
    },
  });
  deepEqual(heard.splice(0), ["admitted true", "there true"]);
  equal(current, await near.mesh.session(far.key));
  near.mesh.closePeerSession(far.key, "disconnected");
  deepEqual(heard.splice(0), ["gone true"]);
  await far.disconnected(near);
  await near.connect(far);
  deepEqual(heard.splice(0), ["admitted true", "there true"]);
  equal(current, await near.mesh.session(far.key));
});
