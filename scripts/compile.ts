// Makes Pollen one file that runs on a machine without Deno, Node or a network.
//
//   deno task compile                    dist/pollen, for this machine
//   deno task compile --target T         dist/pollen-T: linux-x64, linux-arm64, macos-x64, macos-arm64,
//                                        windows-x64; may be repeated
//   deno task compile --all              all of these
//   --out FOLDER                         instead of dist
//
// The same input gives the same bytes.

import { parseArgs } from "node:util";
import { dirname, fromFileUrl, join } from "./paths.ts";
import { buildPortable } from "./portable/build.ts";
import { shortName, type Target, targetCalled, TARGETS } from "./portable/targets.ts";

const DIST = join(dirname(dirname(fromFileUrl(import.meta.url))), "dist");

/** A download that people wait for: more than this is too much. Bytes. */
const FILE_BYTES_MAX = 50 * 1000 * 1000;

const SUFFIXES: Readonly<Record<string, string>> = { darwin: ".tar.gz", windows: ".exe" };

function chosen(options: { all?: boolean; target?: string[] }): [Target, string][] {
  const suffix = (target: Target) => SUFFIXES[target.os] ?? "";
  if (!options.all && options.target === undefined) {
    const target = targetCalled(Deno.build.target);
    return [[target, `pollen${suffix(target)}`]];
  }
  const targets = options.all ? TARGETS : options.target!.map(targetCalled);
  return targets.map((target) => [target, `pollen-${shortName(target)}${suffix(target)}`]);
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      all: { type: "boolean" },
      target: { type: "string", multiple: true },
      out: { type: "string", default: DIST },
    },
  });
  for (const [target, name] of chosen(options)) {
    const startedAt = performance.now();
    const { path, bytes, sha256 } = await buildPortable(target, join(options.out, name));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(
      `compile: ${path}, ${(bytes / 1e6).toFixed(1)} MB in ${seconds} s, SHA-256 ${sha256}`,
    );
    if (bytes > FILE_BYTES_MAX) {
      throw new Error(`${name} has ${bytes} bytes; the mark is ${FILE_BYTES_MAX}.`);
    }
  }
}

try {
  await main();
} catch (error) {
  console.error(`compile: ${(error as Error).message}`);
  Deno.exit(1);
}
