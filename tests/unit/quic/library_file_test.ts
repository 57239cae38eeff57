import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { checkLibrary } from "../../../lib/quic/library_file.ts";
import { libraryFileName, platformOf } from "../../../lib/quic/platform.ts";
import { PollenError } from "../../../lib/types/mod.ts";
import { fromFileUrl, join } from "../../../scripts/paths.ts";

const PREBUILT = fromFileUrl(new URL("../../../lib/quic/prebuilt/", import.meta.url));
const PLATFORM = platformOf(Deno.build.target)!;
const LIBRARY = Deno.readFileSync(
  join(PREBUILT, PLATFORM.target, libraryFileName(PLATFORM.target)),
);
const SHA256 = createHash("sha256").update(LIBRARY).digest("hex");

/** What is said of a file with `content`: checked in, or one's own. */
async function verdict(content: Uint8Array, kind: "checked in" | "own"): Promise<string> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, content);
    return verdictOn(path, kind);
  } finally {
    await Deno.remove(path);
  }
}

function verdictOn(path: string, kind: "checked in" | "own", platform = PLATFORM): string {
  try {
    checkLibrary({ path, sha256: kind === "own" ? null : SHA256 }, platform);
    return "good";
  } catch (error) {
    assert(error instanceof PollenError);
    assert(error.message.includes(`"${path}"`), error.message);
    const names = kind === "own" ? "POLLEN_QUIC_LIBRARY" : "deno task engine";
    assert(error.fix?.includes(names), error.fix ?? "no fix");
    assert.equal(error.message.includes("POLLEN_QUIC_LIBRARY"), kind === "own");
    return `${error.code}: ${error.message}`;
  }
}

Deno.test("the checked-in library is good, under its hash and as one's own", async () => {
  assert.equal(await verdict(LIBRARY, "checked in"), "good");
  assert.equal(await verdict(LIBRARY, "own"), "good");
});

Deno.test("an altered library is refused where its hash is known", async () => {
  const altered = LIBRARY.slice();
  altered[altered.length >> 1]! ^= 1;
  assert.match(await verdict(altered, "checked in"), /^io: .* was altered/);
  assert.equal(await verdict(altered, "own"), "good");
});

Deno.test("what is no library is refused by name", async () => {
  for (const kind of ["checked in", "own"] as const) {
    assert.match(await verdict(new Uint8Array(0), kind), /^io: .* is empty/);
    assert.match(await verdict(new TextEncoder().encode("#!/bin/sh"), kind), /^io: .* no library/);
    assert.match(await verdict(new Uint8Array(4_096), kind), /^io: .* is no library/);
  }
});

Deno.test("a library that was cut short anywhere is refused", async () => {
  for (const length of [1, 20, 64, 4_096, LIBRARY.length >> 1, LIBRARY.length - 1]) {
    for (const kind of ["checked in", "own"] as const) {
      const said = await verdict(LIBRARY.slice(0, length), kind);
      assert.match(said, /^io: .* (was cut short|or only the start of one)/, `${length}`);
    }
  }
});

Deno.test("a library for another platform is refused, and both are named", async () => {
  const other = LIBRARY.slice();
  // The machine's number of ELF.
  new DataView(other.buffer).setUint16(18, PLATFORM.machine === "x86_64" ? 0xb7 : 0x3e, true);
  const [theirs, ours] = PLATFORM.machine === "x86_64"
    ? ["aarch64", "x86_64"]
    : ["x86_64", "aarch64"];
  for (const kind of ["checked in", "own"] as const) {
    const said = await verdict(other, kind);
    assert.match(
      said,
      new RegExp(`^unsupported: .* is for Linux on ${theirs}; this is Linux on ${ours}`),
    );
  }
});

Deno.test("what is no file is refused by name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const kind of ["checked in", "own"] as const) {
      assert.match(verdictOn(folder, kind), /^io: .* is a folder/);
      assert.match(verdictOn(join(folder, "engine.so"), kind), /^io: .* is missing/);
      assert.match(verdictOn("/dev/zero", kind), /^io: .* is no file/);
    }
    assert.match(verdictOn("", "own"), /^io: .* is missing/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a name without a folder is a file of this folder, never one of the system", () => {
  assert.match(verdictOn("libc.so.6", "own"), /^io: .* is missing/);
});
