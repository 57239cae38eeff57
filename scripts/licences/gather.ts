// Finds what Pollen passes on of others' work: the crates by cargo-about, which also refuses a
// licence that is not accepted (`about.toml`); the npm packages by Deno's graph of the program; what
// the compilers add from the compilers' own folders.

import { cacheFolder, run, type Tools } from "../engine/tools.ts";
import { dirname } from "../paths.ts";
import type { Package } from "./document.ts";
import { ROOT } from "./locked.ts";
import { mitLicence } from "./mit.ts";

const CARGO_ABOUT = "0.8.4";

/** Names of files that hold a licence or a notice. */
const LICENCE_FILE = /^(licen[cs]e|copying|copyright|notice|unlicense)/i;

/** The crates that are linked into what a crate of ours makes for any platform. */
export async function gatherCrates(tools: Tools, cwd: string): Promise<Package[]> {
  const root = `${cacheFolder()}/cargo-about-${CARGO_ABOUT}`;
  const program = `${root}/bin/cargo-about`;
  const env = { RUSTUP_TOOLCHAIN: tools.rust };
  if (!await Deno.stat(program).then(() => true, () => false)) {
    console.log(`licences: installing cargo-about ${CARGO_ABOUT} by cargo into ${root}`);
    const version = ["--version", CARGO_ABOUT];
    await run("cargo", ["install", "--locked", "--root", root, "cargo-about", ...version], { env });
  }
  const answer = await run(program, ["about", "generate", "--locked", "--format", "json"], {
    env,
    cwd,
  });
  const { crates, licenses } = JSON.parse(answer) as {
    crates: {
      package: { name: string; version: string; source: string | null; manifest_path: string };
      license: string;
    }[];
    licenses: { text: string; used_by: { crate: { name: string; version: string } }[] }[];
  };
  /** The text of the licence that a crate states, for one that brings no file with it. */
  const stated = ({ name, version }: { name: string; version: string }) =>
    licenses.filter(({ used_by }) =>
      used_by.some(({ crate }) => crate.name === name && crate.version === version)
    ).map(({ text }) => text);
  const others = crates.filter(({ package: { source } }) => source !== null);
  return await Promise.all(others.map(async ({ package: crate, license }) => {
    const found = await licenceTexts(dirname(crate.manifest_path), ["", "third_party/fiat"]);
    const name = `cargo:${crate.name}@${crate.version}` as const;
    return complete({ name, licence: license, texts: found.length > 0 ? found : stated(crate) });
  }));
}

/** Rust's own library, with the crates that it is made of, and the run-time parts of zig. */
export async function gatherCompilers(tools: Tools): Promise<Package[]> {
  const env = { RUSTUP_TOOLCHAIN: tools.rust };
  const sysroot = await run("rustc", ["--print", "sysroot"], { env });
  const doc = `${sysroot}/share/doc/rust`;
  const page = await Deno.readTextFile(`${doc}/COPYRIGHT-library.html`);
  const licences = ["Apache-2.0", "MIT", "Unicode-3.0", "BSD-2-Clause"];
  const zig = dirname(tools.zig);
  return [
    {
      name: `rust:std@${tools.rust}`,
      licence: "MIT OR Apache-2.0, parts Unicode-3.0 and BSD-2-Clause",
      texts: [
        ...await Promise.all(
          licences.map((name) => Deno.readTextFile(`${doc}/licenses/${name}.txt`)),
        ),
        ...preformatted(page),
      ],
    },
    {
      name: `zig:runtime@${tools.versions.zig!}`,
      licence:
        "MIT; libunwind: Apache-2.0 WITH LLVM-exception; mingw-w64: ZPL-2.1; glibc's start files: " +
        "LGPL-2.1-or-later with exceptions",
      texts: (await Promise.all(
        ["", "lib/libunwind", "lib/libc/mingw", "lib/libc/glibc"].map((folder) =>
          licenceTexts(zig, [folder])
        ),
      )).flat(),
    },
  ];
}

/** The npm packages that the program and the library load, directly or not. */
export async function gatherNpm(): Promise<Package[]> {
  const found = new Map<string, NpmPackage>();
  for (const entry of ["main.ts", "mod.ts", "lib/dashboard/page/main.tsx"]) {
    const answer = await run(Deno.execPath(), ["info", "--json", entry], { cwd: ROOT });
    const { modules, npmPackages } = JSON.parse(answer) as {
      modules: { npmPackage?: string }[];
      npmPackages: Record<string, NpmPackage>;
    };
    const left = modules.flatMap(({ npmPackage }) => npmPackage ?? []);
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      if (found.has(id)) continue;
      const npmPackage = npmPackages[id]!;
      found.set(id, npmPackage);
      left.push(...npmPackage.dependencies);
    }
  }
  const packages = [...found.values()].map(async ({ name, version, localPath }) => {
    const { license, author } = JSON.parse(await Deno.readTextFile(`${localPath}/package.json`));
    const found = await licenceTexts(localPath, [""]);
    const isStated = found.length === 0 && license === "MIT";
    const texts = isStated
      ? [mitLicence(author?.name ?? author ?? `the authors of ${name}`)]
      : found;
    return complete({ name: `npm:${name}@${version}`, licence: String(license), texts });
  });
  return (await Promise.all(packages)).sort((a, b) => a.name < b.name ? -1 : 1);
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath: string;
}

/** @throws {Error} when the licence has no text. */
function complete(found: Package): Package {
  if (found.texts.length === 0) throw new Error(`${found.name} has no text of its licence.`);
  return found;
}

async function licenceTexts(root: string, folders: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const folder of folders) {
    const path = `${root}/${folder}`;
    if (!await Deno.stat(path).then(() => true, () => false)) continue;
    for await (const { name, isFile } of Deno.readDir(path)) {
      if (isFile && LICENCE_FILE.test(name)) paths.push(`${path}/${name}`);
    }
  }
  return await Promise.all(paths.sort().map((path) => Deno.readTextFile(path)));
}

/** The texts between `<pre>` and `</pre>` of a page. */
function preformatted(page: string): string[] {
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };
  return [...page.matchAll(/<pre>([^]*?)<\/pre>/g)].map(([, text]) =>
    text!.replace(
      /&(?:#(\d+)|(\w+));/g,
      (all, code, name) => code ? String.fromCodePoint(Number(code)) : entities[name] ?? all,
    )
  );
}
