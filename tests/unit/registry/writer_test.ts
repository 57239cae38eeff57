// The writer over a storage that fails: nothing is acknowledged that is not stored, nothing is lost,
// and nothing older is written over what is newer.

import { deepEqual, equal, rejects } from "node:assert/strict";
import type { NodeRecord } from "../../../lib/registry/core/record.ts";
import { Writer } from "../../../lib/registry/writer.ts";
import type { Batch, Storage, Touch } from "../../../lib/registry/storage/storage.ts";
import { COMMIT_MS, RETRY_MS } from "../../../lib/registry/limits.ts";
import { PollenError, silentLog, type WallMs } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function record(id: string, hostname = ""): NodeRecord {
  return {
    id,
    kind: "agent",
    hostname,
    agentAddress: "",
    capabilities: null,
    registeredAtMs: 0 as WallMs,
    lastSeenMs: 0 as WallMs,
    offlineAtMs: null,
    source: "",
    owner: "",
    via: "",
  };
}

/** Keeps the names of what is stored, and fails while it is told to. */
class StorageStub {
  readonly stored = new Map<string, string>();
  readonly touched: string[] = [];
  writes = 0;
  isFailing = false;
  /** What a write waits for. */
  gate: Promise<void> = Promise.resolve();

  async write({ records, forgotten }: Batch): Promise<void> {
    this.writes++;
    const rows = records.map(({ id, hostname }) => [id, hostname] as const);
    await this.gate;
    if (this.isFailing) throw new PollenError("unavailable", "The storage is away.");
    for (const [id, hostname] of rows) this.stored.set(id, hostname);
    for (const id of forgotten) this.stored.delete(id);
  }

  touch(touches: readonly Touch[]): Promise<void> {
    if (this.isFailing) return Promise.reject(new PollenError("unavailable", "Away."));
    this.touched.push(...touches.map(({ id }) => id));
    return Promise.resolve();
  }
}

function setUp() {
  const clock = new FakeClock();
  const storage = new StorageStub();
  const writer = new Writer(storage as unknown as Storage, clock, silentLog);
  return { clock, storage, writer };
}

Deno.test("what comes within one moment shares a commit", async () => {
  const { clock, storage, writer } = setUp();
  const commits = ["a", "b", "c"].map((id) => {
    writer.put(record(id));
    return writer.committed();
  });
  clock.advance(COMMIT_MS);
  await Promise.all(commits);
  deepEqual([[...storage.stored.keys()], storage.writes], [["a", "b", "c"], 1]);
});

Deno.test("a failure is told to who waits, and what failed is stored later, the newest of it", async () => {
  const { clock, storage, writer } = setUp();
  storage.isFailing = true;
  writer.put(record("a", "old"));
  writer.put(record("b"));
  const failed = writer.committed();
  const gate = Promise.withResolvers<void>();
  storage.gate = gate.promise;
  clock.advance(COMMIT_MS);
  equal(writer.isPending("a"), true);
  // While the old one is under way there is a newer one, and the other is forgotten.
  writer.put(record("a", "new"));
  writer.forget("b");
  gate.resolve();
  await rejects(failed, { code: "unavailable" });
  deepEqual([writer.isFailing, storage.stored.size], [true, 0]);
  storage.isFailing = false;
  clock.advance(RETRY_MS);
  writer.touch(record("c"));
  await writer.close();
  deepEqual([...storage.stored], [["a", "new"]]);
  deepEqual([writer.isFailing, writer.isPending("a"), storage.touched], [false, false, ["c"]]);
});

Deno.test("whoever comes while a commit is under way waits for the next one", async () => {
  const { clock, storage, writer } = setUp();
  const gate = Promise.withResolvers<void>();
  storage.gate = gate.promise;
  writer.put(record("a"));
  const first = writer.committed();
  clock.advance(COMMIT_MS);
  writer.put(record("b"));
  let isStored = false;
  const second = writer.committed().then(() => isStored = true);
  gate.resolve();
  await first;
  equal(isStored && !storage.stored.has("b"), false);
  clock.advance(COMMIT_MS);
  await until(clock, () => isStored);
  await second;
  deepEqual([...storage.stored.keys()], ["a", "b"]);
});

/** Lets what is ready run, and time with it. */
async function until(clock: FakeClock, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !condition(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    clock.advance(COMMIT_MS);
  }
  equal(condition(), true);
}
