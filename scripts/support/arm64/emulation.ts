// Deno for Linux on arm64, run on x64 by QEMU's user-mode emulation: every instruction of the
// program is arm64, every system call is this machine's. Slow, but the real binaries.

import { join } from "../../paths.ts";
import { fetchPackage } from "../foreign_package.ts";

const TARGET = "aarch64-unknown-linux-gnu";
/** Where Debian's `gcc-aarch64-linux-gnu` puts the libraries of arm64. */
const LIBRARIES = "/usr/aarch64-linux-gnu";

/** Why arm64 cannot be emulated here, or null. */
export async function emulationMissing(): Promise<string | null> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") return "not Linux on x64";
  if (!await exists(`${LIBRARIES}/lib/libgcc_s.so.1`)) return "no gcc-aarch64-linux-gnu";
  const { success } = await new Deno.Command("sh", { args: ["-c", "command -v qemu-aarch64"] })
    .output();
  if (!success) return "no qemu-user";
  const engine = new URL(`../../../lib/quic/prebuilt/${TARGET}`, import.meta.url);
  return await exists(engine) ? null : `no engine for ${TARGET}`;
}

/** The words that start the arm64 Deno; with the version that runs this. Fetches it at first. */
export function emulatedDeno(): string[] {
  const folder = fetchPackage(new URL("./package/", import.meta.url), "@deno/linux-arm64-glibc");
  return ["qemu-aarch64", "-L", LIBRARIES, join(folder, "deno")];
}

async function exists(path: string | URL): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
