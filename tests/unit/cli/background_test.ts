// Why a node in the background did not come up, as far as no second process is needed.

import assert from "node:assert/strict";
import { reasonIn, startInBackground } from "../../../lib/cli/background.ts";
import { PollenError } from "../../../lib/types/mod.ts";
import { inFolder, pollen } from "./support.ts";

Deno.test("the reason is the error in the log's last line, or that line itself", () => {
  const line = '{"error":{"code":"already_exists","message":"Taken.","fix":"Choose."}}';
  const known = reasonIn(`time=1 level=info\n${line}\n`, "/x/pollen.log");
  assert.equal(known.code, "already_exists");
  assert.equal(known.text, "Taken. Choose. Its log is /x/pollen.log.");
  const traced = reasonIn(`${line}\nPollenError: Taken.\n    at up.ts:1\n`, "/x/pollen.log");
  assert.equal(traced.code, "already_exists");
  const unknown = reasonIn("time=1\nfatal: out of memory\n", "/x/pollen.log");
  assert.equal(unknown.code, "internal");
  assert.match(unknown.text, /Its last words: fatal: out of memory Its log is/);
  assert.match(reasonIn("", "/x/pollen.log").text, /It said nothing\. Its log is/);
  assert.match(reasonIn('{"error":{"code":"odd","message":"m"}}', "/x").text, /last words: \{/);
});

Deno.test("whoever interrupts the start is left without a node", () =>
  inFolder(async (dir) => {
    assert.equal((await pollen(["init", "--dir", dir])).code, 0);
    await assert.rejects(
      startInBackground(dir, ["--port", "0"], AbortSignal.abort()),
      (thrown) => thrown instanceof PollenError && thrown.code === "cancelled",
    );
    assert.equal([...Deno.readDirSync(dir)].some(({ name }) => name === "pollen.sock"), false);
  }));
