// Collects the licences of everything that Pollen passes on into THIRD_PARTY.md.
//
//   deno task licences             writes it; installs cargo-about if it is missing
//   deno run -A scripts/licences.ts --check
//                                  exits 1 when a lock file names what the document does not, or the
//                                  other way round; needs no Rust

import { NATIVE } from "./engine/sources.ts";
import { prepareTools } from "./engine/tools.ts";
import { namedPackages, renderDocument } from "./licences/document.ts";
import { gatherCompilers, gatherCrates, gatherNpm } from "./licences/gather.ts";
import { lockedPackages, ROOT } from "./licences/locked.ts";
import { LAUNCHER } from "./portable/launcher.ts";

const DOCUMENT = `${ROOT}THIRD_PARTY.md`;

async function write(): Promise<number> {
  const tools = await prepareTools([]);
  const sections = [
    {
      title: "Linked into the engine",
      about: "The native library in `lib/quic/prebuilt`; procedural macros, which run only while " +
        "it is built, included.",
      packages: await gatherCrates(tools, NATIVE),
    },
    {
      title: "Linked into the launcher",
      about: "The first part of the file that `deno task compile` makes.",
      packages: await gatherCrates(tools, LAUNCHER),
    },
    {
      title: "Added by the compilers",
      about: "Rust's standard library with the crates that it is made of, and what zig links in: " +
        "compiler-rt, libunwind, and on Windows mingw-w64.",
      packages: await gatherCompilers(tools),
    },
    {
      title: "Loaded by the program",
      about: "The npm packages that Pollen imports, and those that they depend on.",
      packages: await gatherNpm(),
    },
  ];
  const named = new Set(sections.flatMap(({ packages }) => packages.map(({ name }) => name)));
  const others = (await lockedPackages()).filter((name) => !named.has(name));
  await Deno.writeTextFile(DOCUMENT, renderDocument(sections, others));
  console.log(`licences: ${named.size} packages passed on, ${others.length} others`);
  return await check();
}

async function check(): Promise<number> {
  const named = new Set(namedPackages(await Deno.readTextFile(DOCUMENT)));
  const locked = new Set(await lockedPackages());
  const missing = [...locked].filter((name) => !named.has(name));
  const gone = [...named].filter((name) => !locked.has(name));
  if (missing.length === 0 && gone.length === 0) {
    console.log(`licences: all ${locked.size} packages of the lock files are in THIRD_PARTY.md`);
    return 0;
  }
  for (const name of missing) console.error(`licences: ${name} is missing in THIRD_PARTY.md.`);
  for (const name of gone) console.error(`licences: ${name} is not used any more.`);
  console.error("Write THIRD_PARTY.md anew with `deno task licences` (needs Rust) and commit it.");
  return 1;
}

Deno.exit(Deno.args.includes("--check") ? await check() : await write());
