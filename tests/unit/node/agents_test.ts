// Agents' pages between nodes: told over pollen/2 at once and whole, and never over pollen/1.

import { deepEqual, equal } from "node:assert/strict";
import { authorityOf } from "../../../lib/app/authority.ts";
import { NodeCore, type NodeInput, type NodeOutput } from "../../../lib/node/mod.ts";
import { AgentEntry, Envelope, type Frame } from "../../../lib/proto/mod.ts";
import { Store } from "../../../lib/store/mod.ts";
import type { LinkProtocol, MonotonicMs, PeerKey } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { DAY_MS, makeNode, makeRoot, NOW } from "../auth/fixtures.ts";
import { DIR } from "../store/fixtures.ts";
import { addressOf } from "./fixtures.ts";

const root = await makeRoot(1);

/** A node's decisions, on a state of its own. */
class Member implements AsyncDisposable {
  now = 0;
  readonly core: NodeCore;

  private constructor(readonly store: Store) {
    this.core = new NodeCore({ local: store.local, store, bootstrapPeers: [] });
  }

  static async of(seed: number): Promise<Member> {
    const { identity } = await makeNode(seed);
    const { signer, credentials: { trust } } = root;
    const cert = signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now: NOW });
    const authority = authorityOf(identity, { trust, cert }, new FakeClock(NOW));
    return new Member(await Store.load(new MemoryDisk(), DIR, identity.peerKey, authority));
  }

  get key(): PeerKey {
    return this.store.local;
  }

  step(input: NodeInput): NodeOutput[] {
    return this.core.step(this.now as MonotonicMs, input);
  }

  connect({ key }: Member, protocol: LinkProtocol): NodeOutput[] {
    const event = {
      kind: "connected",
      peer: key,
      address: addressOf(key),
      inbound: false,
    } as const;
    return this.step({ kind: "peerEvent", event: { ...event, protocol } });
  }

  tell(id: string): NodeOutput[] {
    const page = this.store.agents.publish(1, [AgentEntry.create({ id })], NOW);
    return this.step({ kind: "localAgents", pages: page === null ? [] : [page] });
  }

  /** Takes what another one sends to it; what follows. */
  take(from: Member, outputs: readonly NodeOutput[]): NodeOutput[] {
    return framesFor(this, outputs).flatMap((frame) =>
      this.step({ kind: "frame", packet: { peer: from.key, frame } })
    );
  }

  get agents(): string[] {
    return [...this.store.agents.all()].flatMap(({ agents }) => agents.map(({ id }) => id)).sort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.store.close();
  }
}

function framesFor({ key }: Member, outputs: readonly NodeOutput[]): Frame[] {
  return outputs.flatMap((one) => one.kind === "sendFrame" && one.peer === key ? [one.frame] : []);
}

/** Lets two talk until nothing more comes of it. */
function talk(a: Member, b: Member, first: readonly NodeOutput[]): void {
  let [from, to, said] = [a, b, first];
  for (let round = 0; round < 20 && said.length > 0; round++) {
    said = to.take(from, said);
    [from, to] = [to, from];
  }
}

Deno.test("a peer of pollen/1 hears nothing of agents, whatever happens", async () => {
  await using me = await Member.of(31);
  await using old = await Member.of(32);
  await using modern = await Member.of(33);
  const outputs = [...me.tell("a-before"), ...me.connect(old, "pollen/1")];
  talk(me, modern, me.connect(modern, "pollen/2"));
  outputs.push(...me.tell("a-later"));
  for (me.now = 1_000; me.now < 60_000; me.now += 10_000) {
    outputs.push(...me.step({ kind: "gossipTick" }));
    outputs.push(...me.step({ kind: "tick", liveForwards: new Set() }));
  }
  const clock = { kind: "clock", value: { counters: new Map() } } as const;
  outputs.push(
    ...me.step({ kind: "packet", packet: { peer: old.key, envelope: { body: clock } } }),
  );
  const toOld = outputs.filter((one) => "peer" in one && one.peer === old.key);
  deepEqual(new Set(toOld.map(({ kind }) => kind)), new Set(["send"]));
  const words = toOld.map((one) => one.kind === "send" ? Envelope.encode(one.envelope) : "");
  for (const word of words) {
    equal(new TextDecoder("latin1").decode(word as Uint8Array).includes("a-"), false);
  }
  equal(framesFor(modern, outputs).some(({ body }) => body?.kind === "agentPages"), true);
});

Deno.test("who comes later gets all, what is new goes to everybody, over one between if need be", async () => {
  await using a = await Member.of(31);
  await using b = await Member.of(32);
  await using c = await Member.of(33);
  a.tell("early");
  const [toB, toA] = [a.connect(b, "pollen/2"), b.connect(a, "pollen/2")];
  talk(a, b, toB);
  talk(b, a, toA);
  deepEqual(b.agents, ["early"]);
  // C knows B alone.
  const [toC, fromC] = [b.connect(c, "pollen/2"), c.connect(b, "pollen/2")];
  talk(b, c, toC);
  talk(c, b, fromC);
  deepEqual(c.agents, ["early"]);
  const passedOn = b.take(a, a.tell("late"));
  deepEqual(framesFor(a, passedOn), [], "nothing goes back to whom it came from");
  c.take(b, passedOn);
  deepEqual(c.agents, ["late"]);
});

Deno.test("a page that got lost is found by the next rounds", async () => {
  await using a = await Member.of(31);
  await using b = await Member.of(32);
  const [toB, toA] = [a.connect(b, "pollen/2"), b.connect(a, "pollen/2")];
  talk(a, b, toB);
  talk(b, a, toA);
  a.tell("lost");
  a.now = b.now = 20_000;
  talk(a, b, a.step({ kind: "gossipTick" }));
  deepEqual(b.agents, ["lost"]);
  deepEqual(a.store.agents.digest(), b.store.agents.digest());
});
