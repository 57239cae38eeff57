// install.sh: from a folder and over the web, for this user, with releases that are not what they say.

import { join } from "../../paths.ts";
import { demand, must, mustFail, step } from "./steps.ts";

export async function tryInstaller(release: string, work: string): Promise<void> {
  const script = join(release, "install.sh");
  const home = join(work, "home of a user");
  await Deno.mkdir(home);
  const env = { HOME: home, PATH: "/usr/bin:/bin", POLLEN_CACHE_DIR: "", XDG_CACHE_HOME: "" };
  const to = join(home, "bin");
  const install = (...words: string[]) => ["sh", script, "--to", to, ...words];

  await step("install.sh says what it would do, and does nothing", async () => {
    const text = await must(install("--from", release, "--dry-run"), { env });
    demand(text, /pollen for linux-x64[^]*signed[^]*Nothing was changed/);
    if (await exists(to)) throw new Error(`${to} was made.`);
  });
  await step("install.sh installs from a folder and over the web", async () => {
    demand(await must(install("--from", release), { env }), /Installed pollen [\d.]+ \(/);
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const file = await Deno.open(join(release, new URL(request.url).pathname)).catch(() =>
          null
        );
        return file === null ? new Response(null, { status: 404 }) : new Response(file.readable);
      },
    );
    const from = `http://127.0.0.1:${server.addr.port}`;
    demand(await must(install("--from", from), { env }), /Installed pollen/);
    await mustFail(install("--from", `${from}/nowhere`), /cannot be fetched/, { env });
  });
  await step("install.sh refuses what is altered, and keeps what is there", async () => {
    const before = await must([join(to, "pollen"), "version"], { env });
    for (const [name, why] of ALTERED) {
      const copy = await Deno.makeTempDir({ dir: work });
      await must(["cp", "-r", `${release}/.`, copy]);
      await alter(copy, name);
      await mustFail(install("--from", copy), why, { env });
    }
    await mustFail(install("--from", release, "--key", "/dev/null"), /signature/, { env });
    const after = await must([join(to, "pollen"), "version"], { env });
    if (before !== after) throw new Error(`${before} became ${after}`);
  });
  await step("install.sh removes what it installed, and nothing else", async () => {
    const cache = join(home, ".cache/pollen");
    await Deno.mkdir(join(cache, "notes of the user"), { recursive: true });
    await must([join(to, "pollen"), "status", "--help"], { env });
    await must(install("--uninstall"), { env });
    const left = await Array.fromAsync(Deno.readDir(cache), ({ name }) => name);
    if (left.some((name) => /^[0-9a-f]{64}$/.test(name)) || !left.includes("notes of the user")) {
      throw new Error(`left in the cache: ${left}`);
    }
    if (await exists(join(to, "pollen"))) throw new Error("pollen is still there.");
    await mustFail(install("--uninstall"), /There is no pollen/, { env });
  });
}

const ALTERED: readonly (readonly [RegExp, RegExp])[] = [
  [/^SHA256SUMS$/, /signature of the release is wrong/],
  [/^SHA256SUMS\.sig$/, /signature of the release is wrong/],
  [/-linux-x64$/, /checksum.*is wrong/],
];

/** Changes one bit of the file whose name matches. */
async function alter(folder: string, pattern: RegExp): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!pattern.test(name)) continue;
    const bytes = await Deno.readFile(join(folder, name));
    bytes[bytes.length >> 1]! ^= 1;
    await Deno.writeFile(join(folder, name), bytes);
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
