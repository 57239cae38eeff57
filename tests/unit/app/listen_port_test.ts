// Which port a node takes: what was asked for or nothing; else the last one, the default, any.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { openOnPort } from "../../../lib/app/listen_port.ts";
import { DEFAULT_PORT, type Engine, PollenError, silentLog } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";

const DIR = "/state";
const FREE_PORT = 50_123;

/** Opens on a machine where these ports are taken; tells what was tried. */
async function start(disk: MemoryDisk, requested: number | undefined, taken: readonly number[]) {
  const tried: number[] = [];
  const engine = await openOnPort({
    disk,
    dir: DIR,
    requested,
    log: silentLog,
    open: (port) => {
      tried.push(port);
      if (taken.includes(port)) return Promise.reject(new PollenError("already_exists", "Taken."));
      return Promise.resolve({ localAddress: { ip: "::", port: port || FREE_PORT } } as Engine);
    },
  });
  return { port: engine.localAddress.port, tried };
}

Deno.test("the default port, when it is free, and nothing is written", async () => {
  const disk = new MemoryDisk();
  equal((await start(disk, undefined, [])).port, DEFAULT_PORT);
  deepEqual(await disk.list(DIR), []);
});

Deno.test("a free port when the default is taken, kept and tried first from then on", async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory(DIR, 0o700);
  equal((await start(disk, undefined, [DEFAULT_PORT])).port, FREE_PORT);
  deepEqual(await start(disk, undefined, []), { port: FREE_PORT, tried: [FREE_PORT] });
  const second = await start(disk, undefined, [FREE_PORT]);
  deepEqual(second, { port: DEFAULT_PORT, tried: [FREE_PORT, DEFAULT_PORT] });
});

Deno.test("a port that was asked for is taken or refused, never replaced", async () => {
  const disk = new MemoryDisk();
  equal((await start(disk, 4000, [])).port, 4000);
  await rejects(start(disk, 4000, [4000]), { code: "already_exists" });
});

Deno.test("what is no port in the file is ignored", async () => {
  for (const text of ["", "0", "65536", "-1", "abc", "8000 8001", "9".repeat(100)]) {
    const disk = new MemoryDisk();
    disk.put(`${DIR}/udp_port`, text);
    equal((await start(disk, undefined, [])).port, DEFAULT_PORT, text);
  }
});

Deno.test("a failure other than a taken port is not hidden", async () => {
  const failure = new PollenError("io", "No such device.");
  const options = { disk: new MemoryDisk(), dir: DIR, requested: undefined, log: silentLog };
  await rejects(openOnPort({ ...options, open: () => Promise.reject(failure) }), failure);
});
