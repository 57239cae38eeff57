// What a node does after a sleep of its machine, and when the machine moves to another network:
// nobody waits out a pause that was planned in another world.

import { deepEqual, equal, ok } from "node:assert/strict";
import { event, network as networkOf } from "../store/fixtures.ts";
import { BOB, EVE, only, TestCore } from "./fixtures.ts";
import { network, RunningNode, startTwo } from "./running.ts";

const NAMES = ["bob.example:60611"];

/** Who is dialled by these outputs. */
function dialled(outputs: ReturnType<TestCore["tick"]>): string[] {
  return only("connect", outputs).map(({ peer }) => peer);
}

/** Lets every attempt fail until the peer rests. */
function exhaust(t: TestCore): void {
  for (let second = 0; second < 20; second++, t.now += 1_000) {
    for (const { peer } of only("connect", t.tick())) t.step({ kind: "connectFailed", peer });
  }
  deepEqual(dialled(t.tick()), []);
}

Deno.test("after a sleep a peer that rests is dialled at once", async () => {
  await using t = await TestCore.open([{ peerKey: BOB, addrs: NAMES }]);
  exhaust(t);
  deepEqual(dialled(t.step({ kind: "resumed" })), [BOB]);
});

Deno.test("for half a minute after a sleep no peer rests, for the network comes back late", async () => {
  await using t = await TestCore.open([{ peerKey: BOB, addrs: NAMES }]);
  exhaust(t);
  t.step({ kind: "resumed" });
  const start = t.now;
  const moments: number[] = [];
  for (; t.now < start + 60_000; t.now += 1_000) {
    t.step({ kind: "connectFailed", peer: BOB });
    if (dialled(t.tick()).length > 0) moments.push(t.now - start);
  }
  const gaps = moments.map((moment, index) => moment - (moments[index - 1] ?? 0));
  const soon = moments.filter((moment) => moment < 30_000);
  ok(soon.length >= 8, `${moments}`);
  ok(gaps.slice(0, soon.length).every((gap) => gap <= 5_000), `${moments}`);
  ok(gaps.some((gap) => gap >= 20_000), `it rests again afterwards: ${moments}`);
});

Deno.test("a session that did not outlive a sleep is dialled anew at once", async () => {
  for (const reason of ["idle_timeout", "stateless_reset"] as const) {
    await using t = await TestCore.open();
    t.connect(BOB);
    t.connect(EVE);
    t.step({ kind: "resumed" });
    t.now += 3_000;
    deepEqual(dialled(t.disconnect(BOB, reason)), [BOB]);
    t.now += 60_000;
    deepEqual(dialled(t.disconnect(EVE, reason)), [], "an ordinary loss has its pause");
  }
});

Deno.test("a peer that ended the session itself after a sleep is given its time", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  t.step({ kind: "resumed" });
  deepEqual(dialled(t.disconnect(BOB, "graceful")), []);
});

Deno.test("in another network everybody is tried again", async () => {
  await using t = await TestCore.open([{ peerKey: BOB, addrs: NAMES }]);
  const here = (...ips: string[]) => t.step({ kind: "ownAddresses", ips, port: 1 });
  here("10.0.0.5");
  exhaust(t);
  deepEqual(dialled(here("10.0.0.5")), [], "nothing changed");
  deepEqual(dialled(here()), [], "an address went");
  deepEqual(dialled(here("192.168.1.7")), [BOB]);
});

Deno.test("a peer that was told of meanwhile is among them", async () => {
  await using t = await TestCore.open();
  t.connect(EVE);
  t.events(EVE, event(BOB, 1n, networkOf("10.0.0.5", 4_000)));
  exhaust(t);
  deepEqual(dialled(t.step({ kind: "resumed" })), [BOB]);
});

Deno.test("a node that resumes says so, looks at its addresses, and tells its clock", async () => {
  const nodes = await startTwo();
  await using root = nodes[0];
  await using member = nodes[1];
  member.parts.at.notices.push({ kind: "resumed", sleptMs: 3_600_000 });
  const line = await member.until(
    "nothing ran for a while: this machine slept, or the process was stopped",
  );
  equal(line.fields.sleptMs, 3_600_000);
  deepEqual(member.parts.node.getConnectedPeers(), [root.key]);
});

Deno.test("a fault of the socket is in the log, in words", async () => {
  await using node = await RunningNode.start(network.founder);
  const reason = "Operation not permitted (os error 1)";
  node.parts.at.notices.push({ kind: "fault", fault: "denied", count: 3, reason });
  const line = await node.until("this machine forbids sending packets; look at its firewall");
  deepEqual([line.level, line.fields], ["warn", { fault: "denied", count: 3, reason }]);
  const { socket } = await node.parts.service.getStatus();
  ok(socket!.receiveBufferBytes > 0n && socket!.segmentsMax >= 1);
});
