// Strangers who flood an engine, each in a way of its own, while an honest peer connects and sends:
// the longest turn of the engine's thread in milliseconds of its processor time, and the peer's
// lot. The engine's own test does it; here it is built as a release and floods for longer.

import { NATIVE } from "../engine/sources.ts";

const FLOOD_MS = 2_000;

const { success } = await new Deno.Command("cargo", {
  args: [
    ...["test", "--release", "--locked", "--lib", "--manifest-path", `${NATIVE}/Cargo.toml`],
    ...["whatever_strangers_send", "--", "--nocapture"],
  ],
  env: {
    POLLEN_FLOOD_MS: String(FLOOD_MS),
    // A quarter of the time to build, and as fast for this.
    CARGO_PROFILE_RELEASE_LTO: "off",
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
  },
}).spawn().status;
Deno.exit(success ? 0 : 1);
