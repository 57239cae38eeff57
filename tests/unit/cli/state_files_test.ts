// What a purge takes of a registry and an agent, and that it takes nothing from under one that runs.

import { deepEqual, rejects } from "node:assert/strict";
import { filesToPurge, removeFiles, whileNoRegistry } from "../../../lib/cli/state_files.ts";
import { systemDisk } from "../../../lib/host/mod.ts";
import { openStorage } from "../../../lib/registry/mod.ts";
import { silentLog } from "../../../lib/types/mod.ts";

Deno.test("a purge takes the files of a registry and an agent, unless one runs", async () => {
  const dir = await Deno.makeTempDir({ prefix: "pollen-purge-" });
  try {
    const options = { identity: false, rootKey: false };
    const remove = async () => await removeFiles(dir, await filesToPurge(dir, options));
    await whileNoRegistry(dir, remove);
    deepEqual([...Deno.readDirSync(dir)], [], "and makes none");
    for (const name of ["agent_id", "registry_ca.pem", "registry_ca_key.pem"]) {
      await Deno.writeTextFile(`${dir}/${name}`, "x");
    }
    {
      const address = `sqlite:${dir}/registry.db`;
      await using _running = await openStorage({
        address,
        isExclusive: true,
        disk: systemDisk,
        log: silentLog,
      });
      await rejects(whileNoRegistry(dir, remove), /A registry works on/);
      deepEqual((await filesToPurge(dir, options)).includes("registry.db"), true);
    }
    await whileNoRegistry(dir, remove);
    deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
