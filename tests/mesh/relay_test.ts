// Relays on the real engine: one mesh carries packets between two others, whose session is theirs alone.

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readWay } from "../../lib/types/mod.ts";
import { nextText, saying, TestMesh, TestNetwork } from "./support.ts";

const network = await TestNetwork.found();
const members = [await network.member(20), await network.member(21), await network.member(22)];
const RATE = 100_000_000;

/** Two that are connected with a carrier, and with each other over it. */
async function openRelayed(flow = 1) {
  await using stack = new AsyncDisposableStack();
  const [a, b, carrier] = await Promise.all(
    members.map(async (member) => stack.use(await TestMesh.open(member, { carries: true }))),
  ) as [TestMesh, TestMesh, TestMesh];
  for (const end of [a, b]) {
    await end.connect(carrier);
    await carrier.connected(end);
  }
  carrier.mesh.carry(flow, [a.key, b.key], RATE);
  b.mesh.openRelay(carrier.key, flow, a.key);
  const way = a.mesh.openRelay(carrier.key, flow, b.key);
  deepEqual(a.mesh.relaysTo(b.key), [way]);
  await a.connect(b, [way]);
  const [atA, atB] = [await a.connected(b), await b.connected(a)];
  deepEqual([atA.address, atB.address], [null, null]);
  const owned = stack.move();
  return { a, b, carrier, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type Relayed = Awaited<ReturnType<typeof openRelayed>>;

async function assertHeard({ a, b }: Relayed): Promise<void> {
  a.mesh.sendFrame(b.key, saying("there"));
  b.mesh.sendFrame(a.key, saying("back"));
  deepEqual([await nextText(b), await nextText(a)], ["there", "back"]);
}

/** Waits until the session with the peer goes another way. */
async function moved(at: TestMesh, peer: TestMesh) {
  while (true) {
    const event = await at.event();
    if (event.kind === "moved" && event.peer === peer.key) return event;
  }
}

Deno.test("two have a session over a third one, and take the direct path when they learn of it", async () => {
  await using relayed = await openRelayed();
  const { a, b, carrier } = relayed;
  await assertHeard(relayed);
  ok(carrier.mesh.carriedBytes().get(1)! > 2_400, "a handshake passed");
  throws(() => carrier.mesh.limitCarried(1, 1), { code: "invalid_argument" });
  carrier.mesh.limitCarried(1, RATE / 2);
  carrier.mesh.limitCarried(2, RATE);
  equal(a.mesh.peerPath(b.key)!.carrier, carrier.key);
  equal(b.mesh.peerPath(a.key)!.carrier, carrier.key);
  equal(a.mesh.getActivePeerAddress(b.key), null);
  const sessions = [await a.mesh.session(b.key), await b.mesh.session(a.key)];
  equal(readWay(sessions[0]!.remoteAddress)?.kind, "relay");

  a.mesh.suggestPath(b.key, b.address);
  deepEqual((await moved(a, b)).address, b.address);
  deepEqual((await moved(b, a)).address, a.address);
  equal(a.mesh.peerPath(b.key)!.carrier, null);
  await assertHeard(relayed);
  deepEqual([await a.mesh.session(b.key), await b.mesh.session(a.key)], sessions);
});

Deno.test("who is reached over a relay carries nothing, and is nobody's carrier", async () => {
  await using relayed = await openRelayed();
  const { a, b, carrier } = relayed;
  await assertHeard(relayed);
  deepEqual([...a.mesh.relayPeers().keys()], [carrier.key]);
  throws(() => a.mesh.openRelay(b.key, 1, carrier.key), { code: "unreachable" });
  throws(() => a.mesh.carry(1, [b.key, carrier.key], RATE), { code: "unreachable" });
  throws(() => carrier.mesh.carry(2, [a.key, network.founder.key], RATE), { code: "unreachable" });
  // The numbers of an end and of a carrier are apart, also between the same two.
  a.mesh.openRelay(carrier.key, 2, b.key);
  throws(() => a.mesh.openRelay(carrier.key, 2, b.key), { code: "invalid_argument" });
});

Deno.test("a flow ends with its carrier, and the session goes on over the next one", async () => {
  await using relayed = await openRelayed();
  const { a, b, carrier } = relayed;
  await assertHeard(relayed);
  await using second = await TestMesh.open(await network.member(23), { carries: true });
  for (const end of [a, b]) {
    await end.connect(second);
    await second.connected(end);
  }
  second.mesh.carry(9, [a.key, b.key], RATE);
  b.mesh.openRelay(second.key, 9, a.key);
  a.mesh.openRelay(second.key, 9, b.key);
  const session = await a.mesh.session(b.key);
  await carrier.mesh.close("gone");
  await assertHeard(relayed);
  equal(a.mesh.peerPath(b.key)!.carrier, second.key);
  equal(await a.mesh.session(b.key), session);
  equal(a.mesh.relaysTo(b.key).length, 1);
});
