// The same input gives the same bytes, of both kinds of file. For the compiled kind any executable
// stands in for denort: `deno compile` puts the program behind whatever it is given. Only among the long
// runs (POLLEN_FULL=1).

import { equal } from "node:assert/strict";
import { buildCompiled } from "../../scripts/compiled/build.ts";
import { buildPortable } from "../../scripts/portable/build.ts";
import { TARGETS } from "../../scripts/portable/targets.ts";
import { TemporaryFolder } from "../../scripts/support/pollen_process.ts";
import { CAN_RUN, RELEASE_KEY } from "./support.ts";

if (CAN_RUN && Deno.env.get("POLLEN_FULL") === "1") {
  const options = { level: 1, releaseKey: RELEASE_KEY };
  for (const target of TARGETS) {
    Deno.test(`two files for ${target.engine.target} are the same`, async () => {
      await using folder = await TemporaryFolder.make();
      const build = () => buildPortable(target, `${folder.path}/pollen`, options);
      equal((await build()).sha256, (await build()).sha256);
    });
  }

  Deno.test("two compiled files are the same", async () => {
    await using folder = await TemporaryFolder.make();
    const denort = await Deno.readFile(Deno.execPath());
    const path = `${folder.path}/pollen`;
    const target = TARGETS.find(({ engine }) => engine.target === Deno.build.target)!;
    const build = () => buildCompiled(target, denort, path, options);
    equal((await build()).sha256, (await build()).sha256);
    const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
    equal(text.includes(RELEASE_KEY), true, "the key for upgrades is in it");
  });
}
