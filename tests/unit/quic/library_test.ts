import assert from "node:assert/strict";
import { checkAbiVersion } from "../../../lib/quic/library.ts";
import { ABI_VERSION } from "../../../lib/quic/records.ts";

Deno.test("a library of another version is refused, and both versions are named", () => {
  const ours = { path: "/engine.so", sha256: "00" };
  checkAbiVersion(ours, ABI_VERSION);
  for (const [version, age] of [[ABI_VERSION + 1, "newer"], [ABI_VERSION - 1, "older"]] as const) {
    assert.throws(() => checkAbiVersion(ours, version), {
      code: "unsupported",
      message: `The engine at "/engine.so" is ${age} than this Pollen: ` +
        `its ABI has version ${version}, version ${ABI_VERSION} is needed.`,
    });
  }
  assert.throws(
    () => checkAbiVersion({ path: "/engine.so", sha256: null }, ABI_VERSION + 1),
    /"\/engine\.so", which POLLEN_QUIC_LIBRARY names, is newer/,
  );
});
