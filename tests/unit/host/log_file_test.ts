// The log file of a node in the background: added to, and put aside when full.

import { equal, throws } from "node:assert/strict";
import { LogFile } from "../../../lib/host/log_file.ts";
import { PollenError } from "../../../lib/types/mod.ts";

const text = (path: string) => Deno.readTextFileSync(path);
const bytes = (line: string) => new TextEncoder().encode(line);

async function inFolder(body: (path: string) => void): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pollen-log-" });
  try {
    body(`${dir}/pollen.log`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("lines are added, also to what an earlier process wrote", () =>
  inFolder((path) => {
    for (const line of ["one\n", "two\n"]) {
      using log = LogFile.open(path);
      log.write(bytes(line));
    }
    equal(text(path), "one\ntwo\n");
    equal(Deno.statSync(path).mode! & 0o777, 0o600);
  }));

Deno.test("a line that no longer fits begins a new file, and one old file is kept", () =>
  inFolder((path) => {
    using log = LogFile.open(path, 8);
    for (const line of ["aaa\n", "bbb\n", "ccc\n", "ddd\n", "eee\n"]) log.write(bytes(line));
    equal(text(path), "eee\n");
    equal(text(`${path}.1`), "ccc\nddd\n");
    equal(log.size, 4);
  }));

Deno.test("a line longer than a file may be is written all the same", () =>
  inFolder((path) => {
    using log = LogFile.open(path, 8);
    log.write(bytes("a line that is too long\n"));
    log.write(bytes("next\n"));
    equal(text(path), "next\n");
    equal(text(`${path}.1`), "a line that is too long\n");
  }));

Deno.test("a full file is put aside when it is opened", () =>
  inFolder((path) => {
    Deno.writeTextFileSync(path, "12345678\n");
    using log = LogFile.open(path, 8);
    equal(log.size, 0);
    equal(text(`${path}.1`), "12345678\n");
  }));

Deno.test("a folder that is not there is named", () =>
  inFolder((path) => {
    throws(() => LogFile.open(`${path}/deeper/pollen.log`), (thrown) =>
      thrown instanceof PollenError && thrown.text.includes("deeper"));
  }));
