import assert from "node:assert/strict";
import { checkAbiVersion, libraryFileName } from "../../../lib/quic/library.ts";
import { ABI_VERSION } from "../../../lib/quic/records.ts";
import { embeddedHash, hashSources, SOURCES_LABEL } from "../../../scripts/check_engine.ts";

Deno.test("a library of another version is refused, and both versions are named", () => {
  checkAbiVersion("/engine.so", ABI_VERSION);
  assert.throws(() => checkAbiVersion("/engine.so", ABI_VERSION + 1), {
    code: "unsupported",
    message: `The engine at /engine.so has ABI version ${ABI_VERSION + 1}; ` +
      `this Pollen needs version ${ABI_VERSION}.`,
  });
});

Deno.test("each platform has its file name", () => {
  assert.equal(libraryFileName("x86_64-unknown-linux-gnu"), "libpollen_quic.so");
  assert.equal(libraryFileName("aarch64-apple-darwin"), "libpollen_quic.dylib");
  assert.equal(libraryFileName("x86_64-pc-windows-msvc"), "pollen_quic.dll");
});

Deno.test("the hash of the sources is found inside a library", async () => {
  const hash = await hashSources();
  assert.match(hash, /^[0-9a-f]{64}$/);
  const library = new TextEncoder().encode(`\u0000junk${SOURCES_LABEL}${hash}\u0000`);
  assert.equal(embeddedHash(library), hash);
  assert.equal(embeddedHash(new TextEncoder().encode(`${SOURCES_LABEL}unknown`)), null);
});
