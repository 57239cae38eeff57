import assert from "node:assert/strict";
import { libraryFileName, PLATFORMS } from "../../../lib/quic/platform.ts";
import { chosenPlatforms } from "../../../scripts/build_engine.ts";
import { glibcFloor, isNewer } from "../../../scripts/engine/glibc.ts";
import {
  embeddedHash,
  hashSources,
  PREBUILT,
  SOURCES_LABEL,
} from "../../../scripts/engine/sources.ts";

Deno.test("the hash of the sources is found inside a library", async () => {
  const hash = await hashSources();
  assert.match(hash, /^[0-9a-f]{64}$/);
  const library = new TextEncoder().encode(`\u0000junk${SOURCES_LABEL}${hash}\u0000`);
  assert.equal(embeddedHash(library), hash);
  assert.equal(embeddedHash(new TextEncoder().encode(`${SOURCES_LABEL}unknown`)), null);
});

Deno.test("the oldest C library that the Linux libraries load with is the one promised", async () => {
  const linux = PLATFORMS.filter(({ glibc }) => glibc !== null);
  assert.equal(linux.length, 2);
  for (const { target, glibc } of linux) {
    const library = await Deno.readFile(`${PREBUILT}/${target}/${libraryFileName(target)}`);
    const floor = glibcFloor(library);
    assert(floor !== null && !isNewer(floor, glibc!), `${target} needs glibc ${floor}`);
  }
});

Deno.test("versions are compared by their numbers", () => {
  assert(isNewer("2.28", "2.4"));
  assert(isNewer("2.3.4", "2.3"));
  assert(!isNewer("2.28", "2.28"));
  assert(!isNewer("2.2.5", "2.28"));
});

Deno.test("the platforms to build are chosen by either name, and unknown ones refused", () => {
  const names = (args: string[]) => chosenPlatforms(args).map(({ target }) => target);
  assert.deepEqual(names(["--all"]), PLATFORMS.map(({ target }) => target));
  assert.deepEqual(names([]), [Deno.build.target]);
  assert.deepEqual(names(["--target", "x86_64-pc-windows-msvc"]), ["x86_64-pc-windows-gnu"]);
  assert.throws(() => names(["--target", "sparc-sun-solaris"]), /no engine for sparc-sun-solaris/);
  assert.throws(() => names(["--everything"]), /everything/);
});
