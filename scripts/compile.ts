// Makes Pollen one file that runs on a machine without Deno, Node or a network.
//
//   deno task compile                    dist/pollen, for this machine
//   deno task compile --target T         dist/pollen-T: linux-x64, linux-arm64, macos-x64, macos-arm64,
//                                        windows-x64; may be repeated
//   deno task compile --all              all of these
//   --kind compiled|portable             by deno compile, or by our own launcher; without it: compiled
//                                        when DENORT_BIN or --denort-sha256 is there, else portable
//   --denort-sha256 HASH                 of the denort that a compiled file may be made with
//   --out FOLDER                         instead of dist
//
// The same input gives the same bytes.

import { parseArgs } from "node:util";
import { buildCompiled } from "./compiled/build.ts";
import { DENORT_VARIABLE, findDenort } from "./compiled/denort.ts";
import { dirname, fromFileUrl, join } from "./paths.ts";
import { buildPortable } from "./portable/build.ts";
import { shortName, type Target, targetCalled, TARGETS } from "./portable/targets.ts";

const DIST = join(dirname(dirname(fromFileUrl(import.meta.url))), "dist");

/** A portable file is a download that people wait for: more than this is too much. Bytes. */
const PORTABLE_BYTES_MAX = 50 * 1000 * 1000;

type Kind = "compiled" | "portable";

interface Options {
  readonly all?: boolean;
  readonly target?: string[];
  readonly kind?: string;
  readonly "denort-sha256"?: string;
}

function chosenKind({ kind, "denort-sha256": sha256 }: Options): Kind {
  if (kind === "compiled" || kind === "portable") return kind;
  if (kind !== undefined) throw new Error(`There is no kind "${kind}": compiled or portable.`);
  const hasDenort = sha256 !== undefined || Deno.env.has(DENORT_VARIABLE);
  return hasDenort ? "compiled" : "portable";
}

function suffixOf({ os }: Target, kind: Kind): string {
  if (os === "windows") return ".exe";
  // Two files: what is appended to a program breaks its signature.
  return os === "darwin" && kind === "portable" ? ".tar.gz" : "";
}

function chosenFiles(options: Options, kind: Kind): [Target, string][] {
  const suffix = (target: Target) => suffixOf(target, kind);
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
      kind: { type: "string" },
      "denort-sha256": { type: "string" },
      out: { type: "string", default: DIST },
    },
  });
  const kind = chosenKind(options);
  const denort = (target: Target) =>
    findDenort(target, options["denort-sha256"], Deno.env.get(DENORT_VARIABLE));
  for (const [target, name] of chosenFiles(options, kind)) {
    const startedAt = performance.now();
    const path = join(options.out, name);
    const { bytes, sha256 } = kind === "portable"
      ? await buildPortable(target, path)
      : await buildCompiled(target, await denort(target), path);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(
      `compile: ${path} (${kind}), ${(bytes / 1e6).toFixed(1)} MB in ${seconds} s, ` +
        `SHA-256 ${sha256}`,
    );
    if (kind === "portable" && bytes > PORTABLE_BYTES_MAX) {
      throw new Error(`${name} has ${bytes} bytes; the mark is ${PORTABLE_BYTES_MAX}.`);
    }
  }
}

try {
  await main();
} catch (error) {
  console.error(`compile: ${(error as Error).message}`);
  Deno.exit(1);
}
