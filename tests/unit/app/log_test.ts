// What a log line looks like, in a process of its own, since logging belongs to the whole process.

import { equal, match } from "node:assert/strict";
import { fromFileUrl } from "../../../scripts/paths.ts";

const logUrl = import.meta.resolve("../../../lib/app/log.ts");
const root = fromFileUrl(import.meta.resolve("../../../"));

async function lines(level: string): Promise<string[]> {
  const script = `
    import { openLog } from ${JSON.stringify(logUrl)};
    using log = openLog(${JSON.stringify(level)});
    log.debug("seen closely", { peer: "ab" });
    log.info("a thing happened", { port: 60611, ok: true, text: "two words" });
    log.warn("line one\\nline two");
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", script],
    cwd: root,
  }).output();
  equal(stdout.length, 0);
  return new TextDecoder().decode(stderr).trimEnd().split("\n");
}

Deno.test("a line is one event with its facts, and control characters stay inside it", async () => {
  const [info, warn, ...rest] = await lines("info");
  equal(rest.length, 0);
  match(info!, /level=info/);
  match(info!, /a thing happened/);
  match(info!, /port=60611 ok=true text="two words"/);
  match(warn!, /level=warn/);
});

Deno.test("the level decides what is written", async () => {
  equal((await lines("debug")).length, 3);
  equal((await lines("error")).join(""), "");
  equal((await lines("no such level")).length, 2);
});
