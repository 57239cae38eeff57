// The same input gives the same bytes, of both kinds of file. For the compiled kind any executable
// stands in for denort: `deno compile` puts the program behind whatever it is given. Only among the long
// runs (POLLEN_FULL=1).

import { deepEqual, equal } from "node:assert/strict";
import { buildCompiled } from "../../scripts/compiled/build.ts";
import { buildPortable } from "../../scripts/portable/build.ts";
import { TARGETS } from "../../scripts/portable/targets.ts";
import { TemporaryFolder } from "../../scripts/support/pollen_process.ts";
import { CAN_RUN, RELEASE_KEY } from "./support.ts";

if (CAN_RUN && Deno.env.get("POLLEN_FULL") === "1") {
  const options = { level: 1, releaseKey: RELEASE_KEY };
  for (const target of TARGETS) {
    const { format, machine } = target.engine;
    Deno.test(`two files for ${target.engine.target} are the same, and are for it`, async () => {
      await using folder = await TemporaryFolder.make();
      const path = `${folder.path}/pollen`;
      const build = () => buildPortable(target, path, options);
      equal((await build()).sha256, (await build()).sha256);
      const program = format === "mach-o" ? await unpacked(path) : path;
      equal(machineOf(await Deno.readFile(program)), `${format} ${machine}`);
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

/** The launcher in an archive, which holds it and its payload. */
async function unpacked(archive: string): Promise<string> {
  const folder = `${archive}.d`;
  await Deno.mkdir(folder);
  const tar = new Deno.Command("tar", { args: ["-xzf", archive, "-C", folder] });
  equal((await tar.output()).success, true);
  deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
    "pollen",
    "pollen.payload",
  ]);
  return `${folder}/pollen`;
}

/** What a program says of its platform: elf(5); <mach-o/loader.h>; Microsoft's "PE Format". */
function machineOf(program: Uint8Array): string {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  switch (view.getUint32(0)) {
    case 0x7f45_4c46:
      return `elf ${view.getUint16(18, true) === 0x3e ? "x86_64" : "aarch64"}`;
    case 0xcffa_edfe:
      return `mach-o ${view.getUint32(4, true) === 0x0100_0007 ? "x86_64" : "aarch64"}`;
    default:
      return `pe ${
        view.getUint16(view.getUint32(0x3c, true) + 4, true) === 0x8664 ? "x86_64" : ""
      }`;
  }
}
