// The runtime of the compiled kind: taken only when somebody vouches for its bytes.

import { deepEqual, rejects } from "node:assert/strict";
import { findDenort } from "../../../scripts/compiled/denort.ts";
import { sha256 } from "../../../scripts/engine/sources.ts";
import { targetCalled } from "../../../scripts/portable/targets.ts";

const TARGET = targetCalled("linux-x64");

Deno.test("a denort is used only with the checksum that is vouched for", async () => {
  const path = await Deno.makeTempFile();
  try {
    const denort = new TextEncoder().encode("not really one");
    await Deno.writeFile(path, denort);
    deepEqual(await findDenort(TARGET, sha256(denort), path), denort);
    const wrong = "0".repeat(64);
    await rejects(findDenort(TARGET, wrong, path), /is not the one of --denort-sha256/);
    await rejects(findDenort(TARGET, undefined, path), /Nobody vouches for .*--denort-sha256/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("without one it is said where it was looked for, and what to set", async () => {
  const fix = /DENORT_BIN.*--denort-sha256/;
  await rejects(findDenort(TARGET, "0", "/nonexistent/denort"), /at \/nonexistent\/denort\. /);
  await rejects(findDenort(TARGET, "0", "/nonexistent/denort"), fix);
  // What no cache has: a target that is none.
  const engine = { ...TARGET.engine, target: "none-pc-windows-gnu" };
  await rejects(
    findDenort({ ...TARGET, engine }, "0", undefined),
    /dl\/release\/v2\.9\.5\/denort-none-pc-windows-msvc\.zip/,
  );
});
