// Loading the engine as a person meets it: in a process of its own, with a library that is not what
// it should be. A library that the loader chokes on would end the process without a word.

import assert from "node:assert/strict";
import { libraryFileName, platformOf } from "../../lib/quic/platform.ts";
import { ABI_VERSION } from "../../lib/quic/records.ts";
import { fromFileUrl, join } from "../../scripts/paths.ts";
import { inTime } from "./support.ts";

const LIB = fromFileUrl(new URL("../../lib", import.meta.url));
const { target, machine } = platformOf(Deno.build.target)!;
const PREBUILT = `quic/prebuilt/${target}/${libraryFileName(target)}`;

/** What a process says that opens an engine of the code in `lib`. */
async function open(
  lib: string,
  options: { env?: Record<string, string>; uid?: number } = {},
): Promise<string> {
  const script = `
    import { openEngine } from ${JSON.stringify(`file://${lib}/quic/mod.ts`)};
    try {
      const engine = await openEngine({ address: { ip: "127.0.0.1", port: 0 }, protocols: [] });
      await engine.close("over");
      console.log("opened");
    } catch (error) { console.log(error.code, error.message); }`;
  const args = ["eval", "--no-config", script];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", ...options });
  const { code, stdout } = await inTime(child.output(), "the end of the process");
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout).trim();
}

/** A copy of the code and the library of this platform, which the test may break. */
async function copy(): Promise<{ lib: string; library: string } & AsyncDisposable> {
  const lib = await Deno.makeTempDir();
  const code = ["types", "types/limits", "quic"];
  for (const folder of [...code, `quic/prebuilt/${target}`]) {
    await Deno.mkdir(join(lib, folder), { recursive: true });
  }
  for (const folder of code) {
    for await (const { name, isFile } of Deno.readDir(join(LIB, folder))) {
      if (isFile) await Deno.copyFile(join(LIB, folder, name), join(lib, folder, name));
    }
  }
  for (const name of ["quic/prebuilt/recipe.json", PREBUILT]) {
    await Deno.copyFile(join(LIB, name), join(lib, name));
  }
  return {
    lib,
    library: join(lib, PREBUILT),
    [Symbol.asyncDispose]: () => Deno.remove(lib, { recursive: true }),
  };
}

/** Gives a library another ABI version: the code of `mov eax, N; ret` and of its like. */
async function withAbiVersion(from: string, to: string, version: number): Promise<void> {
  const file = await Deno.readFile(from);
  const code = (value: number) =>
    machine === "x86_64"
      ? [0xb8, value, 0, 0, 0, 0xc3]
      : [(value & 7) << 5, value >> 3, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6];
  const [ours, theirs] = [code(ABI_VERSION), code(version)];
  let count = 0;
  for (let at = file.indexOf(ours[0]!); at >= 0; at = file.indexOf(ours[0]!, at + 1)) {
    if (!ours.every((byte, index) => file[at + index] === byte)) continue;
    file.set(theirs, at);
    count++;
  }
  assert(count > 0, "the version was not found in the library");
  await Deno.writeFile(to, file);
}

Deno.test("the checked-in library opens, and each way it can be broken is named", async () => {
  await using place = await copy();
  assert.equal(await open(place.lib), "opened");
  const whole = await Deno.readFile(place.library);

  await Deno.truncate(place.library, whole.length >> 1);
  assert.match(await open(place.lib), /^io .* was cut short/);
  whole[whole.length >> 1]! ^= 1;
  await Deno.writeFile(place.library, whole);
  assert.match(await open(place.lib), /^io .* was altered/);
  await Deno.remove(place.library);
  assert.match(await open(place.lib), /^io .* is missing/);
});

Deno.test("a library of one's own needs no hash, but whole it must be", async () => {
  await using place = await copy();
  const env = { POLLEN_QUIC_LIBRARY: join(place.lib, "own.so") };
  assert.match(
    await open(LIB, { env }),
    /^io .*own\.so", which POLLEN_QUIC_LIBRARY names, is miss/,
  );
  const whole = await Deno.readFile(place.library);
  // Behind the code: what is there is not looked at.
  await Deno.writeFile(env.POLLEN_QUIC_LIBRARY, new Uint8Array([...whole, 0]));
  assert.equal(await open(LIB, { env }), "opened");
  await Deno.truncate(env.POLLEN_QUIC_LIBRARY, whole.length >> 1);
  assert.match(await open(LIB, { env }), /^io .*POLLEN_QUIC_LIBRARY names, was cut short/);
});

Deno.test("an older and a newer engine are refused, and both versions named", async () => {
  await using place = await copy();
  const env = { POLLEN_QUIC_LIBRARY: join(place.lib, "other.so") };
  for (const [version, age] of [[ABI_VERSION - 1, "older"], [ABI_VERSION + 1, "newer"]] as const) {
    await withAbiVersion(place.library, env.POLLEN_QUIC_LIBRARY, version);
    assert.match(
      await open(LIB, { env }),
      new RegExp(`^unsupported .* is ${age} .* version ${version}, version ${ABI_VERSION} is`),
    );
  }
});

Deno.test("a library that is no engine is named as such", async () => {
  const { filename } = await otherLibrary();
  const said = await open(LIB, { env: { POLLEN_QUIC_LIBRARY: filename } });
  assert.match(said, /^io .* is a library, but no engine of Pollen/);
});

/** A library of the system: one that this process has loaded. */
async function otherLibrary(): Promise<{ filename: string }> {
  const maps = await Deno.readTextFile("/proc/self/maps");
  const filename = /\/\S+\/lib[a-z]+\.so\.\d+$/m.exec(maps)?.[0];
  assert(filename !== undefined, maps);
  return { filename };
}

Deno.test("a library that this user may not read is named as such", async () => {
  await using place = await copy();
  const library = join(place.lib, "own.so");
  await Deno.copyFile(place.library, library);
  await Deno.chmod(place.lib, 0o755);
  await Deno.chmod(library, 0o000);
  // Root may read everything: the process becomes somebody else.
  const uid = Deno.uid() === 0 ? { uid: 65_534 } : {};
  const env = { POLLEN_QUIC_LIBRARY: library, DENO_DIR: join(place.lib, "cache"), HOME: place.lib };
  await Deno.mkdir(env.DENO_DIR, { mode: 0o777 });
  await Deno.chmod(env.DENO_DIR, 0o777);
  assert.match(await open(place.lib, { env, ...uid }), /^permission_denied .* may not be read/);
});
