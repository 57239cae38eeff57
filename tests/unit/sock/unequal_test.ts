// Punching where one router takes another port for each destination: 256 sockets on its side, 1,024
// ports of it tried from the other one, within bounds that hold whatever anybody sends.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  drawPorts,
  encodeProbe,
  HARD_SOCKETS,
  PROBE_NONCE_BYTES,
  SPRAYED_PORTS,
} from "../../../lib/sock/mod.ts";
import { PUNCH_PACKETS_MAX, readWay } from "../../../lib/types/mod.ts";
import { Seeded } from "../../support/seeded.ts";
import { type NatNode, Net } from "./routers.ts";

const ASK = encodeProbe({ kind: "ask", nonce: new Uint8Array(PROBE_NONCE_BYTES).fill(9) });

/** A host behind a strict router, and one behind a router that wants the very port. */
function pair(seed: number): { net: Net; hard: NatNode; easy: NatNode } {
  const net = new Net();
  const hard = net.node({ host: 1, filter: "port", isStrict: true, seed });
  const easy = net.node({ host: 2, filter: "port", seed: seed + 1 });
  return { net, hard, easy };
}

/** Whether both packets and targets are within the bounds. */
function assertBounded({ net, hard, easy }: ReturnType<typeof pair>): void {
  ok(net.sent <= PUNCH_PACKETS_MAX, `${net.sent} packets`);
  deepEqual([...hard.targets], ["198.51.100.2:5000"], "the hard side aims at one address");
  ok([...easy.targets].every((target) => target.startsWith("198.51.100.1:")));
}

Deno.test("a strict router and one that wants the very port are opened", async () => {
  const seed = 20_261_121;
  let direct = 0;
  for (let run = 0; run < 20; run++) {
    const both = pair(seed + 2 * run);
    const { net, hard, easy } = both;
    const punched = hard.store.punch(easy.address, { part: "hard" }).catch(() => null);
    const found = easy.punch(hard, "easy");
    await net.run(4_500);
    assertBounded(both);
    const conn = await punched;
    if (conn === null) {
      equal(await found, "unreachable", "both know, or none");
      equal(hard.open.size, 0);
      continue;
    }
    direct++;
    const way = readWay(conn.peer);
    ok(way?.kind === "socket", "over a socket of its own");
    deepEqual(way.address, easy.address);
    deepEqual([...hard.open], [way.socket], "the others are closed");
    ok((await found).startsWith("198.51.100.1:"));
  }
  ok(direct >= 18, `seed ${seed}: ${direct} of 20`);
});

Deno.test("a socket is open as long as somebody holds it", async () => {
  // A seed with which they meet.
  const { net, hard, easy } = pair(20_261_121);
  const punched = hard.store.punch(easy.address, { part: "hard" });
  const met = easy.punch(hard, "easy");
  await net.run(4_500);
  await met;
  const conn = await punched;
  const session = hard.store.hold(conn.peer);
  conn.release();
  conn.release();
  equal(hard.open.size, 1, "the session holds it");
  session.release();
  equal(hard.open.size, 0);
});

Deno.test("one of the ports that are tried is one of the sockets', in 97 of 100 attempts and more", () => {
  const seed = Seeded.seedFrom("POLLEN_PUNCH_SEED");
  const { random } = new Seeded(seed);
  let met = 0;
  for (let run = 0; run < 1_000; run++) {
    const mapped = new Set(drawPorts(random, HARD_SOCKETS));
    const sprayed = drawPorts(random, SPRAYED_PORTS);
    ok(sprayed.every((port) => port >= 1_024 && port <= 65_535));
    equal(new Set(sprayed).size, SPRAYED_PORTS, "no port twice");
    if (sprayed.some((port) => mapped.has(port))) met++;
  }
  // 983 are expected, give or take 4; a seed in 2,000 would bring less than 970.
  ok(met >= 970, `seed ${seed}: ${met} of 1000`);
});

Deno.test("in vain it costs so many packets, then it is over", async () => {
  for (const [part, packets] of [["hard", 20 + 3 * 256], ["easy", 20 + 1_024]] as const) {
    const { net, hard } = pair(1);
    const silent = net.node({ host: 3, filter: "port" });
    const punched = hard.punch(silent, part);
    await net.run(2_000);
    equal(hard.open.size, part === "hard" ? HARD_SOCKETS : 0, "held together");
    await net.run(2_500);
    equal(await punched, "unreachable");
    equal(hard.sent, packets, part);
    ok([...hard.targets].every((target) => target.startsWith("198.51.100.3:")));
    equal(hard.open.size, 0);
    equal(net.clock.pending, 0);
    await net.run(5_000);
    equal(hard.sent, packets, "and nothing afterwards");
  }
});

Deno.test("ports are tried at a pace", async () => {
  const { net, hard, easy } = pair(1);
  const punched = easy.punch(hard, "easy");
  for (let before = easy.sent; before < SPRAYED_PORTS; before = easy.sent) {
    await net.run(50);
    ok(easy.sent - before <= 21, `${easy.sent - before} packets in 50 ms`);
  }
  await net.run(2_000);
  await punched;
});

Deno.test("there is one such attempt at a time, and others beside it", async () => {
  const { net, hard, easy } = pair(1);
  const third = net.node({ host: 3, filter: "none" });
  const first = easy.punch(hard, "easy");
  equal(await easy.punch(third, "easy"), "exhausted");
  equal(await easy.punch(third, "hard"), "exhausted");
  const beside = [easy.punch(third), third.punch(easy)];
  await net.run(5_000);
  deepEqual(await Promise.all(beside), ["198.51.100.3:5000", "198.51.100.2:5000"]);
  equal(await first, "unreachable");
  const next = easy.punch(third, "easy");
  await net.run(100);
  easy.store.received(third.address, ASK);
  await net.run(5_000);
  equal(await next, "unreachable");
});

Deno.test("where the system has no more sockets nothing is sent, and those are closed that there were", async () => {
  const net = new Net();
  const hard = net.node({ host: 1, filter: "port", isStrict: true, socketsMax: 255 });
  const easy = net.node({ host: 2, filter: "port" });
  await rejects(hard.store.punch(easy.address, { part: "hard" }), { code: "exhausted" });
  equal(hard.open.size, 0);
  equal(net.sent, 0);
  equal(await hard.punch(net.node({ host: 3, filter: "port" }), "hard"), "exhausted");
});

Deno.test("an attempt that is given up closes its sockets", async () => {
  const { net, hard, easy } = pair(1);
  const giveUp = new AbortController();
  const punched = hard.store.punch(easy.address, { part: "hard", signal: giveUp.signal });
  await net.run(500);
  equal(hard.open.size, HARD_SOCKETS);
  giveUp.abort();
  await rejects(punched, { code: "cancelled" });
  equal(hard.open.size, 0);
  equal(net.clock.pending, 0);
});

Deno.test("an attempt ends when this machine's sockets fail, and one of equal ends goes on", async () => {
  for (const fault of ["denied", "broken"] as const) {
    for (const part of ["hard", "easy"] as const) {
      const { net, hard, easy } = pair(1);
      const third = net.node({ host: 3, filter: "none" });
      const [node, other] = part === "hard" ? [hard, easy] : [easy, hard];
      const ended = node.punch(other, part);
      const beside = [node.punch(third), third.punch(node)];
      await net.run(50);
      node.store.faulted("no_route");
      node.store.faulted("refused");
      ok(await Promise.race([ended, net.run(50)]) === undefined, "other faults are no reason");
      node.store.faulted(fault);
      equal(await ended, "io");
      equal(node.open.size, 0);
      ok(!(await Promise.all([...beside, net.run(4_000)])).includes("io"));
      const { sent } = node;
      await net.run(2_000);
      equal(node.sent, sent, "nothing any more");
      ok(sent < 300, `${sent} packets`);
      const next = node.punch(other, part);
      await net.run(5_000);
      equal(await next, "unreachable", "the next one may begin");
    }
  }
});

Deno.test("a flood of probes is answered no more often than the bound says", async () => {
  const { net, hard, easy } = pair(1);
  const punched = easy.punch(hard, "easy");
  const answer = encodeProbe({ kind: "answer", nonce: new Uint8Array(PROBE_NONCE_BYTES) });
  for (let second = 0; second < 4; second++) {
    for (let count = 0; count < 10_000; count++) {
      const port = 1_024 + count;
      easy.store.received({ ip: hard.ip, port }, count % 2 === 0 ? ASK : answer);
      easy.store.received({ ip: "203.0.113.9", port }, ASK);
    }
    await net.run(1_000);
  }
  await net.run(1_000);
  equal(await punched, "unreachable", "a foreign answer is none");
  equal(easy.sent, 20 + SPRAYED_PORTS + 2 * 32);
  ok([...easy.targets].every((target) => target.startsWith("198.51.100.1:")));
});
