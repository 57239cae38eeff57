// Registries that tell each other of their agents: who holds one, and what becomes of those whose
// holder is gone. The network between them is a table in this process.

import { deepEqual, equal, match } from "node:assert/strict";
import { AgentEntry } from "../../../lib/proto/mod.ts";
import { systemDisk } from "../../../lib/host/mod.ts";
import {
  type ClusterPage,
  type ClusterPages,
  openStorage,
  Registry,
  Replication,
} from "../../../lib/registry/mod.ts";
import { FORGET_DELAY_MS, TOLD_INTERVAL_MS } from "../../../lib/registry/limits.ts";
import { silentLog } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { KeptLog } from "../../registry/support.ts";

const START = 1_800_000_000_000;
const TIMEOUT_MS = 30_000;

/** What all machines have told, and who is there. */
class Network {
  readonly clock = new FakeClock(START);
  readonly #pages = new Map<string, readonly AgentEntry[]>();
  readonly #listeners = new Map<string, (page: ClusterPage) => void>();
  readonly present = new Set<string>();

  tell(author: string, page: number, entries: readonly AgentEntry[]): void {
    this.#pages.set(`${author} ${page}`, entries);
    for (const [name, listener] of this.#listeners) if (name !== author) listener({ author, page });
  }

  /** The network as one machine sees it. */
  of(local: string): ClusterPages {
    return {
      local,
      publish: (page, entries) => this.tell(local, page, entries),
      get: ({ author, page }) => this.#pages.get(`${author} ${page}`) ?? null,
      all: () =>
        [...this.#pages.keys()].map((name) => name.split(" "))
          .map(([author, page]) => ({ author: author!, page: Number(page) })),
      onChange: (callback) => {
        this.#listeners.set(local, callback);
        return () => this.#listeners.delete(local);
      },
      isPresent: (author) => this.present.has(author),
    };
  }
}

/** A machine with a registry. */
class Machine implements AsyncDisposable {
  #replication: Replication | null = null;

  private constructor(
    readonly name: string,
    readonly registry: Registry,
    readonly log: KeptLog,
    readonly network: Network,
    readonly dir: string,
  ) {}

  static async open(network: Network, name: string): Promise<Machine> {
    const dir = await Deno.makeTempDir({ prefix: "pollen-registry-" });
    const log = new KeptLog();
    const { clock } = network;
    const storage = await openStorage({
      address: `sqlite:${dir}/registry.db`,
      isExclusive: true,
      disk: systemDisk,
      log: silentLog,
    });
    const registry = await Registry.open({ storage, clock, log, heartbeatTimeoutMs: TIMEOUT_MS });
    const machine = new Machine(name, registry, log, network, dir);
    machine.begin();
    return machine;
  }

  begin(): void {
    const { registry, log, network } = this;
    const pages = network.of(this.name);
    network.present.add(this.name);
    this.#replication = new Replication({ registry, pages, clock: network.clock, log });
  }

  /** It is there no more, and what it said stays. */
  die(): void {
    this.network.present.delete(this.name);
    this.#replication?.[Symbol.dispose]();
    this.#replication = null;
  }

  /** An agent registers; what is stored of it goes its own way. */
  register(id: string, hostname = ""): Promise<void> {
    const empty = { agentAddress: "", capabilities: null, source: "192.0.2.1", owner: "" };
    return begun(this.registry.register({ id, kind: "agent", hostname, ...empty }));
  }

  /** Who holds an agent, and its state: `here active`. */
  knows(id: string): string {
    const record = this.registry.find(id);
    if (record === null) return "nothing";
    return `${record.via || "here"} ${this.registry.stateOf(record)}`;
  }

  audits(): number {
    return this.log.lines.filter(({ message }) => /^audit: a node .*hold/.test(message)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.die();
    // The registry's own clock stands still: nothing waits for it.
    await this.registry.close();
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** Lets a call go as far as it goes without the clock. */
async function begun(_call: Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve));
}

/** Time goes by, and a machine hears an agent every second. */
async function beat({ registry, network }: Machine, id: string, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 1_000) {
    await registry.heartbeat(id);
    network.clock.advance(1_000);
  }
}

Deno.test("an agent is listed by all, stays for a timeout when its holder is gone, and moves to who hears it", async () => {
  const network = new Network();
  const { clock } = network;
  await using a = await Machine.open(network, "a");
  await using b = await Machine.open(network, "b");
  await using c = await Machine.open(network, "c");
  await a.register("x", "box");
  clock.advance(250);
  deepEqual([a, b, c].map((one) => one.knows("x")), ["here active", "a active", "a active"]);
  equal(b.registry.find("x")!.hostname, "box");
  // Nobody tells of heartbeats, and yet it grows no older elsewhere.
  await beat(a, "x", 60_000);
  deepEqual([b, c].map((one) => one.knows("x")), ["a active", "a active"]);

  a.die();
  clock.advance(8_000);
  await b.registry.heartbeat("x");
  equal(b.audits(), 1);
  clock.advance(250);
  deepEqual([b, c].map((one) => one.knows("x")), ["here active", "b active"]);
  // A comes back with what it knew, and learns better.
  a.begin();
  clock.advance(250);
  deepEqual([a, b, c].map((one) => one.knows("x")), ["b active", "here active", "b active"]);
  equal(a.audits(), 1);
  // Once that is 30 s ago, it turns to A again, and stays.
  await beat(b, "x", TOLD_INTERVAL_MS);
  await beat(a, "x", TOLD_INTERVAL_MS);
  deepEqual([a, b, c].map((one) => one.knows("x")), ["here active", "a active", "a active"]);
});

Deno.test("without its holder an agent turns stale, then offline; with it, it is there again", async () => {
  const network = new Network();
  const { clock } = network;
  await using a = await Machine.open(network, "a");
  await using b = await Machine.open(network, "b");
  await a.register("x");
  clock.advance(2_000);
  network.present.delete("a");
  await beat(a, "x", 7_000);
  equal(b.knows("x"), "a active");
  await beat(a, "x", 5_000);
  equal(b.knows("x"), "a stale");
  await beat(a, "x", TIMEOUT_MS);
  equal(b.knows("x"), "a offline");
  network.present.add("a");
  clock.advance(2_000);
  equal(b.knows("x"), "a active");
});

Deno.test("leaving, falling silent and being forgotten is told, and moving between pages is not", async () => {
  const network = new Network();
  const { clock } = network;
  await using a = await Machine.open(network, "a");
  await using b = await Machine.open(network, "b");
  for (const id of ["leaves", "silent", "forgotten"]) await a.register(id);
  clock.advance(250);
  await begun(b.registry.unregister("leaves"));
  await begun(a.registry.forget("forgotten"));
  clock.advance(TIMEOUT_MS + 250);
  deepEqual(
    ["leaves", "silent", "forgotten"].map((id) => b.knows(id)),
    ["here offline", "a offline", "a active"],
  );
  clock.advance(FORGET_DELAY_MS + 2_000);
  equal(b.knows("forgotten"), "nothing");
  equal(a.knows("leaves"), "b offline");

  const moving = AgentEntry.create({ id: "moving", lastSeenMs: BigInt(clock.wallNow()) });
  network.present.add("d");
  network.tell("d", 1, [moving]);
  network.tell("d", 1, []);
  network.tell("d", 2, [moving]);
  clock.advance(FORGET_DELAY_MS + 2_000);
  equal(b.knows("moving"), "d active");
});

Deno.test("what no registry would have taken from an agent is not taken from another one", async () => {
  const network = new Network();
  await using a = await Machine.open(network, "a");
  const entry = (id: string, more: Partial<AgentEntry> = {}) => AgentEntry.create({ id, ...more });
  network.present.add("evil");
  network.tell("evil", 1, [
    entry(""),
    entry("long", { hostname: "h".repeat(2_000) }),
    entry("zero\0"),
    entry("no capabilities", { capabilities: Uint8Array.of(0xff) }),
    entry("much", {
      capabilities: new Uint8Array([10, 0x80, 16, ...new Uint8Array(2_048).fill(97)]),
    }),
    entry("future", { lastSeenMs: 2n ** 64n - 1n, registeredAtMs: 2n ** 63n }),
  ]);
  network.clock.advance(250);
  deepEqual([...await a.registry.nodes()].map(({ id }) => id), ["future"]);
  const { lastSeenMs } = a.registry.find("future")!;
  equal(lastSeenMs <= network.clock.wallNow(), true);
  // Nor is an agent that is heard here anybody else's, whatever he says of the future.
  await a.register("mine");
  network.clock.advance(1_000);
  network.tell("evil", 2, [entry("mine", { lastSeenMs: 2n ** 63n })]);
  await a.registry.heartbeat("mine");
  equal(a.knows("mine"), "here active");
  match(a.log.lines.map(({ message }) => message).join("\n"), /audit: a node that another/);
});
