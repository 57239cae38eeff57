// Several registries on one PostgreSQL: the database is the truth, whoever an agent talks to.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { until } from "../../scripts/support/pollen_process.ts";
import { postgresPrograms, PostgresServer } from "../support/postgres.ts";
import { RegistryBeside } from "../../lib/app/registry_beside.ts";
import { AgentEntry, GetStatusResponse } from "../../lib/proto/mod.ts";
import type { ClusterPage, ClusterPages, RegistryEvent } from "../../lib/registry/mod.ts";
import { KeptLog, openTestRegistry, type TestRegistry, WireAgent } from "./support.ts";
import { ToldNetwork } from "./told_network.ts";

const UNAVAILABLE = 14;
const NOT_FOUND = 5;
const programs = postgresPrograms();

/** The first event of a kind on a node, from the registry's beginning. */
async function next(opened: TestRegistry, kind: string, id: string): Promise<RegistryEvent> {
  const signal = AbortSignal.timeout(20_000);
  for await (const heard of opened.server.registry.events.listen(0, signal)) {
    if (heard.kind === kind && "record" in heard && heard.record.id === id) return heard;
  }
  throw new Error(`nothing told that ${id} is ${kind}`);
}

/** A private network with one other machine, whose pages are what the test says. */
class ToldPages implements ClusterPages {
  readonly local = "own";
  readonly pages = new Map<string, readonly AgentEntry[]>();
  readonly published: { readonly page: number; readonly ids: readonly string[] }[] = [];

  publish(page: number, agents: readonly AgentEntry[]): void {
    this.published.push({ page, ids: agents.map(({ id }) => id) });
    this.pages.set(`own ${page}`, agents);
  }
  get({ author, page }: ClusterPage) {
    return this.pages.get(`${author} ${page}`) ?? null;
  }
  all(): ClusterPage[] {
    return [...this.pages.keys()].map((name) => name.split(" "))
      .map(([author, page]) => ({ author: author!, page: Number(page) }));
  }
  onChange() {
    return () => {};
  }
  isPresent() {
    return true;
  }
}

/** A registry beside a node that has that network. */
async function openBeside(pages: ClusterPages, storage: string) {
  const dir = await Deno.makeTempDir({ prefix: "pollen-registry-" });
  const log = new KeptLog();
  const service = {
    getStatus: () => Promise.resolve(GetStatusResponse.create()),
  };
  const options = { port: 0, httpPort: 0, bind: ["127.0.0.1"], storage };
  const beside = new RegistryBeside(options, {
    dir,
    service,
    network: new ToldNetwork(),
    pages,
    log,
  });
  return {
    /** Of its gRPC door, once that is open. */
    port: async () => {
      const serving = () => log.lines.find(({ message }) => message === "the registry serves");
      const line = await until("the registry serves", () => Promise.resolve(serving() ?? null));
      return Number(line.fields["port"]);
    },
    async [Symbol.asyncDispose]() {
      await beside[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

Deno.test("several registries work together on one PostgreSQL, where its server is installed", {
  ignore: programs === null,
}, async (t) => {
  await using database = await PostgresServer.start(programs!);
  const storage = database.address;

  await t.step("what one is told the other knows at once", async () => {
    await using first = await openTestRegistry({ storage });
    await using second = await openTestRegistry({ storage });
    using a = new WireAgent(first.server.port);
    using b = new WireAgent(second.server.port);
    const ids = Array.from({ length: 100 }, (_, index) => `n-${index}`);
    await Promise.all(ids.map((id, index) => (index % 2 ? a : b).register({ id, hostname: id })));
    deepEqual([await a.ids(), await b.ids()], [ids.toSorted(), ids.toSorted()]);
    equal((await b.heartbeat("n-1")).code, 0);
    equal((await b.register({ id: "n-1", agentAddress: "h:1" })).code, 0);
    const node = (await a.list()).message.nodes.find(({ id }: { id: string }) => id === "n-1");
    deepEqual([node.hostname, node.agentAddress], ["n-1", "h:1"]);
    equal((await b.unregister("n-1")).code, 0);
    await until("the other one knows", async () => {
      return (await a.heartbeat("n-1")).code === NOT_FOUND ? true : null;
    });
    ok(!(await b.ids()).includes("n-1"), "a heartbeat in between changes nothing");
    equal((await fetch(`${first.url}/api/nodes/n-2`, { method: "DELETE" })).status, 204);
    const gone = await fetch(`${second.url}/api/nodes/n-2`);
    deepEqual([gone.status, await gone.text()], [404, "node not found\n"]);
    equal((await b.ids()).length, 98);
    const details = await (await fetch(`${second.url}/api/nodes/n-1`)).json();
    deepEqual(
      details.history.map(({ kind }: { kind: string }) => kind),
      ["unregistered", "registered"],
    );
  });

  await t.step("facts that agents tell one reach the listeners of the other", async () => {
    await using first = await openTestRegistry({ storage });
    await using second = await openTestRegistry({ storage });
    using a = new WireAgent(first.server.port);
    using b = new WireAgent(second.server.port);
    await a.register({ id: "told" });
    ok((await b.ids()).includes("told"));
    await a.update("told", { cpu: "9 cores" });
    const heard = await next(second, "updated", "told");
    equal(heard.record.capabilities!.cpu, "9 cores");
  });

  await t.step(
    "heartbeats at one keep a node alive at the other, and silence ends it at both",
    async () => {
      const heartbeatTimeoutMs = 3_000;
      const options = { storage, heartbeatTimeoutMs };
      await using first = await openTestRegistry(options);
      await using second = await openTestRegistry(options);
      using a = new WireAgent(first.server.port);
      using b = new WireAgent(second.server.port);
      let heardAt = performance.now();
      let pauseMs = 0;
      /** Whether it may be offline: this process may be held up between two heartbeats as well. */
      const wasSilent = () =>
        Math.max(pauseMs, performance.now() - heardAt) >= heartbeatTimeoutMs / 2;
      await a.register({ id: "alive" });
      const beat = async () => {
        // Only the second one hears of it, for longer than the timeout.
        for (let count = 0; count < 8; count++) {
          await new Promise((resolve) => setTimeout(resolve, 500));
          const sentAt = performance.now();
          const { code } = await b.heartbeat("alive");
          if (code !== 0) return ok(code === NOT_FOUND && wasSilent());
          pauseMs = Math.max(pauseMs, sentAt - heardAt);
          heardAt = sentAt;
          ok((await a.ids()).includes("alive") || wasSilent());
        }
      };
      await Promise.all([beat(), next(first, "offline", "alive").then(() => ok(wasSilent()))]);
      await until("it is gone at both", async () => {
        const codes = [(await a.heartbeat("alive")).code, (await b.heartbeat("alive")).code];
        return codes.every((code) => code === NOT_FOUND) ? true : null;
      });
    },
  );

  await t.step(
    "beside a node nothing of it is told to other machines, nor taken from them",
    async () => {
      const told = new ToldPages();
      told.pages.set("own 3", [AgentEntry.create({ id: "told-in-an-earlier-run" })]);
      told.pages.set("other 1", [AgentEntry.create({ id: "of-another-machine" })]);
      {
        await using before = await openTestRegistry({ storage });
        using agent = new WireAgent(before.server.port);
        equal((await agent.register({ id: "kept" })).code, 0);
      }
      {
        await using beside = await openBeside(told, storage);
        using agent = new WireAgent(await beside.port());
        equal((await agent.register({ id: "late" })).code, 0);
        const ids = await agent.ids();
        ok(ids.includes("kept") && ids.includes("late") && !ids.includes("of-another-machine"));
      }
      deepEqual(told.published, [{ page: 3, ids: [] }], "what an earlier run told is taken back");

      // With a database of its own it tells and takes, so this would have been seen.
      await using alone = await openTestRegistry();
      await using beside = await openBeside(told, `sqlite:${alone.dir}/beside.db`);
      using agent = new WireAgent(await beside.port());
      equal((await agent.register({ id: "alone" })).code, 0);
      await until("the agent is told", () => {
        const isTold = told.published.some(({ ids }) => ids.includes("alone"));
        return Promise.resolve(isTold ? true : null);
      });
      await until("the other machine's is listed", async () => {
        return (await agent.ids()).includes("of-another-machine") ? true : null;
      });
    },
  );

  await t.step("while the database is away what is known counts, and it comes back", async () => {
    await using opened = await openTestRegistry({ storage });
    using agent = new WireAgent(opened.server.port);
    await agent.register({ id: "before" });
    await database.stop();
    const refused = await agent.register({ id: "during" });
    equal(refused.code, UNAVAILABLE);
    match(refused.text, /^The database postgres:\/\/postgres@localhost.* does not answer/);
    equal((await agent.heartbeat("before")).code, 0);
    ok((await agent.ids()).includes("before"));
    const statusOf = async () => {
      const response = await fetch(`${opened.url}/readyz`);
      await response.body?.cancel();
      return response.status;
    };
    equal(await statusOf(), 503);
    await database.resume();
    await until("it is ready again", async () => await statusOf() === 200 ? true : null);
    equal((await agent.register({ id: "after" })).code, 0);
    await using other = await openTestRegistry({ storage });
    using second = new WireAgent(other.server.port);
    const ids = await second.ids();
    ok(ids.includes("before") && ids.includes("after"));
  });
});
