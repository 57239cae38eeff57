// Who is told what others said, and when: what is needed first goes to everybody, and where many come
// at once nothing is told many times over.

import { deepEqual, equal } from "node:assert/strict";
import { Exchange } from "../../../lib/node/exchange.ts";
import type { NodeOutput } from "../../../lib/node/mod.ts";
import { AgentEntry, type Frame } from "../../../lib/proto/mod.ts";
import type { Store } from "../../../lib/store/mod.ts";
import { ALPN_MEMBER_2, type MonotonicMs, type PeerKey } from "../../../lib/types/mod.ts";
import { NOW } from "../auth/fixtures.ts";
import { storeOf } from "./stores.ts";

const START = 0 as MonotonicMs;
const PEERS = Array.from(
  { length: 20 },
  (_, index) => (index + 1).toString(16).padStart(64, "0") as PeerKey,
);

/** A node that is connected with all of `PEERS` and those, as one sees it that comes later. */
function exchangeOf(store: Store, others: readonly PeerKey[], isCrowded: boolean): Exchange {
  const connected = [...PEERS, ...others].sort();
  const exchange = new Exchange(store, () => connected, () => isCrowded);
  for (const peer of connected) exchange.begin(START, peer, ALPN_MEMBER_2);
  return exchange;
}

/** What the store's node says first to a peer, the newest of it last. */
function firstWords(store: Store, peer: PeerKey): Frame[] {
  const outputs = new Exchange(store, () => [peer]).begin(START, peer, ALPN_MEMBER_2);
  return outputs.flatMap((output) => output.kind === "sendFrame" ? [output.frame] : []);
}

function take(exchange: Exchange, from: PeerKey, frames: readonly Frame[]): NodeOutput[] {
  return frames.flatMap(({ body }) => exchange.onFrame(START, from, body) ?? []);
}

/** Who is sent frames of this kind. */
function receivers(outputs: readonly NodeOutput[], kind: string): Set<PeerKey> {
  const sent = outputs.flatMap((output) =>
    output.kind === "sendFrame" && output.frame.body?.kind === kind ? [output.peer] : []
  );
  return new Set(sent);
}

/** Somebody's store in which the node is at an address. */
async function announced(seed: number): Promise<Store> {
  const store = await storeOf(seed);
  store.setLocalNetwork(["192.0.2.1"], 60_611);
  return store;
}

Deno.test("a node's first words are all that it takes to know it", async () => {
  await using newcomer = await announced(71);
  await using store = await storeOf(72);
  take(
    exchangeOf(store, [newcomer.local], false),
    newcomer.local,
    firstWords(newcomer, store.local),
  );
  deepEqual(store.get(newcomer.local)?.ips, ["192.0.2.1"]);
});

Deno.test("who asks and knows nobody is made known to everybody at once, also in a crowd", async () => {
  for (const isCrowded of [false, true]) {
    await using newcomer = await announced(73);
    await using store = await storeOf(74);
    const exchange = exchangeOf(store, [newcomer.local], isCrowded);
    const outputs = take(exchange, newcomer.local, firstWords(newcomer, store.local));
    // It gets what it asked for itself.
    deepEqual(receivers(outputs, "records"), new Set([newcomer.local, ...PEERS]));
    equal(receivers(exchange.tick(START), "records").size, 0);
  }
});

Deno.test("what others said of somebody waits in a crowd, and goes on to a few", async () => {
  await using author = await announced(75);
  const words = firstWords(author, PEERS[0]!).filter(({ body }) => body?.kind === "records");
  await using quiet = await storeOf(76);
  const fewAtOnce = receivers(take(exchangeOf(quiet, [], false), PEERS[0]!, words), "records");
  await using crowded = await storeOf(76);
  const exchange = exchangeOf(crowded, [], true);
  deepEqual(receivers(take(exchange, PEERS[0]!, words), "records"), new Set());
  deepEqual(receivers(exchange.tick(START), "records"), fewAtOnce);
  equal(fewAtOnce.size > 0 && fewAtOnce.size < PEERS.length / 2, true, `${fewAtOnce.size}`);
});

Deno.test("pages of agents are left to digests in a crowd", async () => {
  await using author = await announced(77);
  author.agents.publish(0, [AgentEntry.create({ id: "a" })], NOW);
  const value = author.agents.missing({ authors: [] }, { bytesMax: Infinity });
  const words: Frame[] = [
    ...firstWords(author, PEERS[0]!),
    { body: { kind: "agentPages", value } },
  ];
  const passedOn = async (isCrowded: boolean) => {
    await using store = await storeOf(78);
    const outputs = take(exchangeOf(store, [], isCrowded), PEERS[0]!, words);
    equal([...store.agents.all()].length, 1);
    return receivers(outputs, "agentPages").size;
  };
  equal(await passedOn(true), 0);
  equal(await passedOn(false) > 0, true);
});

Deno.test("of many that come at once a few are asked for agents, the others one after the other", async () => {
  await using store = await storeOf(79);
  const exchange = new Exchange(store, () => PEERS);
  const began = PEERS.flatMap((peer) => exchange.begin(START, peer, ALPN_MEMBER_2));
  equal(receivers(began, "agentSummary").size, 4);
  equal(receivers(exchange.tick(1_000 as MonotonicMs), "agentSummary").size, 1);
});
