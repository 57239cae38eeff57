// Punching between routers that keep to one port for all, or of which one lets everybody in: from the
// main socket alone.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { decodeProbe, encodeProbe, PROBE_BYTES, PROBE_NONCE_BYTES } from "../../../lib/sock/mod.ts";
import { formatAddress } from "../../../lib/types/mod.ts";
import { goldenBytes } from "../../golden/golden.ts";
import { type NatNode, Net } from "./routers.ts";

async function punchEachOther(one: NatNode, other: NatNode): Promise<string[]> {
  const both = [one.punch(other), other.punch(one)];
  await one.net.run(4_000);
  return await Promise.all(both);
}

for (const near of ["none", "ip", "port"] as const) {
  for (const far of ["none", "ip", "port"] as const) {
    Deno.test(`routers that keep to one port are opened (${near}, ${far})`, async () => {
      const net = new Net();
      const [one, other] = [
        net.node({ host: 1, filter: near }),
        net.node({ host: 2, filter: far }),
      ];
      deepEqual(await punchEachOther(one, other), [
        formatAddress(other.address),
        formatAddress(one.address),
      ]);
      equal(one.open.size + other.open.size, 0);
      // Never sprayed: one address, and the answers to it.
      deepEqual([...one.targets], [formatAddress(other.address)]);
      ok(net.sent <= 16, `${net.sent} packets`);
    });
  }
}

Deno.test("one whose router takes another port is found at that port by one whose router lets it in", async () => {
  const net = new Net();
  const strict = net.node({ host: 1, filter: "port", isStrict: true });
  const open = net.node({ host: 2, filter: "ip" });
  const [atOpen, atStrict] = await punchEachOther(strict, open);
  equal(atOpen, formatAddress(open.address));
  ok(atStrict!.startsWith("198.51.100.1:"), `found at ${atStrict}`);
});

Deno.test("two routers of which one takes another port and the other wants that very one stay shut", async () => {
  const net = new Net();
  const strict = net.node({ host: 1, filter: "port", isStrict: true });
  const moderate = net.node({ host: 2, filter: "port" });
  deepEqual(await punchEachOther(strict, moderate), ["unreachable", "unreachable"]);
  // Three seconds of ten a second each, and nothing afterwards.
  equal(net.sent, 60);
  const before = net.sent;
  await net.run(5_000);
  equal(net.sent, before);
});

Deno.test("a stranger's question is not answered, and a foreign answer is none", async () => {
  const net = new Net();
  const node = net.node({ host: 1, filter: "none" });
  const other = net.node({ host: 2, filter: "none" });
  const stranger = { ip: "203.0.113.9", port: 9 };
  const question = encodeProbe({ kind: "ask", nonce: new Uint8Array(PROBE_NONCE_BYTES) });
  equal(node.store.received(stranger, question), true);
  equal(net.sent, 0);
  const punched = node.punch(other);
  const answer = encodeProbe({ kind: "answer", nonce: new Uint8Array(PROBE_NONCE_BYTES) });
  for (const from of [stranger, other.address]) {
    node.store.received(from, answer);
  }
  await net.run(4_000);
  equal(await punched, "unreachable");
});

Deno.test("an answer of an earlier attempt is none", async () => {
  const net = new Net();
  const node = net.node({ host: 1, filter: "none" });
  const other = net.node({ host: 2, filter: "none" });
  const answers: Uint8Array[] = [];
  const received = other.store.received.bind(other.store);
  other.store.received = (from, bytes) => {
    if (decodeProbe(bytes)?.kind === "answer") answers.push(bytes);
    return received(from, bytes);
  };
  const first = [node.punch(other), other.punch(node)];
  await net.run(200);
  await Promise.all(first);
  ok(answers.length > 0);
  await net.run(5_000);
  const next = other.punch(node);
  for (const answer of answers) received(node.address, answer);
  await net.run(4_000);
  equal(await next, "unreachable");
});

Deno.test("who has found the other end answers on, so that it is found as well, and not for ever", async () => {
  const net = new Net();
  const node = net.node({ host: 1, filter: "none" });
  const other = net.node({ host: 2, filter: "none" });
  const both = [node.punch(other), other.punch(node)];
  await net.run(200);
  deepEqual(await Promise.all(both), [other, node].map(({ address }) => formatAddress(address)));
  const question = encodeProbe({ kind: "ask", nonce: new Uint8Array(PROBE_NONCE_BYTES).fill(7) });
  let sent = net.sent;
  node.store.received(other.address, question);
  equal(net.sent, sent + 1, "an answer, and no question");
  await net.run(2_000);
  sent = net.sent;
  node.store.received(other.address, question);
  equal(net.sent, sent);
});

Deno.test("sixteen attempts at one IP are enough, and elsewhere there are others", async () => {
  const net = new Net();
  const node = net.node({ host: 1, filter: "none" });
  const at = (host: number, port: number) =>
    node.store.punch({ ip: `198.51.100.${host}`, port }).then(() => "", ({ code }) => code);
  const there = Array.from({ length: 16 }, (_, index) => at(2, 1_000 + index));
  equal(await at(2, 2_000), "exhausted");
  const elsewhere = Array.from({ length: 48 }, (_, index) => at(3 + index, 1_000));
  equal(await at(100, 1_000), "exhausted", "64 in all");
  await net.run(4_000);
  deepEqual(new Set(await Promise.all([...there, ...elsewhere])), new Set(["unreachable"]));
  const next = at(2, 2_000);
  await net.run(4_000);
  equal(await next, "unreachable");
});

Deno.test("an attempt that is given up sends nothing any more", async () => {
  const net = new Net();
  const node = net.node({ host: 1, filter: "none" });
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const punched = node.store.punch({ ip: "198.51.100.2", port: 1 }, { signal });
  giveUp.abort();
  await rejects(punched, { code: "cancelled" });
  await net.run(1_000);
  equal(net.sent, 1);
  equal(net.clock.pending, 0);
  await rejects(node.store.punch({ ip: "198.51.100.2", port: 1 }, { signal }), {
    code: "cancelled",
  });
});

Deno.test("probes are those of pollen/1", () => {
  const nonce = Uint8Array.from({ length: PROBE_NONCE_BYTES }, (_, index) => index);
  deepEqual(encodeProbe({ kind: "ask", nonce }), goldenBytes("a probe that asks"));
  deepEqual(encodeProbe({ kind: "answer", nonce }), goldenBytes("a probe that answers"));
  deepEqual(decodeProbe(goldenBytes("a probe that answers")), { kind: "answer", nonce });
  for (let length = 0; length < 40; length++) {
    if (length !== PROBE_BYTES) equal(decodeProbe(new Uint8Array(length).fill(1)), null);
  }
  equal(decodeProbe(new Uint8Array(PROBE_BYTES).fill(3)), null);
});
