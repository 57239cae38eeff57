// How the portable file starts: it answers `version` by itself, unpacks once, whatever the surroundings,
// and is the same program as from source.

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { VERSION } from "../../lib/types/version.ts";
import { pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { Places } from "../e2e/support/background.ts";
import { CAN_RUN, IS_ROOT, PortablePlace, runMounted, runWords, unpackedIn } from "./support.ts";

const PARALLEL = 8;

Deno.test({
  name: "the portable file",
  ignore: !CAN_RUN,
  fn: async (t) => {
    await using place = await PortablePlace.make();
    const { file, path } = place;
    const cache = `${path}/cache`;
    const env = { POLLEN_CACHE_DIR: cache };

    await t.step("says its version without unpacking anything", async () => {
      const text = await runWords([file, "version"], env);
      deepEqual([text.code, text.stderr], [0, ""]);
      equal(text.stdout, `pollen ${VERSION} (Deno ${Deno.version.deno}, linux x86_64)\n`);
      equal((await runWords([file, "version", "--short"], env)).stdout, `${VERSION}\n`);
      equal((await runWords([file, "--version"], env)).stdout, text.stdout);
      const json = JSON.parse((await runWords([file, "--json", "version"], env)).stdout);
      deepEqual([json.kind, json.deno, json.version], ["portable", Deno.version.deno, VERSION]);
      match(json.quic.sources, /^[0-9a-f]{64}$/);
      await until("nothing was unpacked", async () => await exists(cache) ? null : true, 0);
    });

    await t.step("is unpacked once by many first starts", async () => {
      const starts = Array.from({ length: PARALLEL }, () => runWords([file, "--help"], env));
      for (const { code, stdout, stderr } of await Promise.all(starts)) {
        deepEqual([code, stderr], [0, ""]);
        match(stdout, /pollen/);
      }
      deepEqual([unpackedIn(cache).whole.length, unpackedIn(cache).left], [1, []]);
    });

    await t.step("says the same of itself when the program behind it is asked", async () => {
      // The launcher leaves a flag that it does not know to the program.
      const by = await runWords([file, "version", "--json", "--dir", path], env);
      equal(by.stdout, (await runWords([file, "version", "--json"], env)).stdout);
    });

    await t.step("unpacks anew what was damaged", async () => {
      const main = `${cache}/${unpackedIn(cache).whole[0]}/app/main.js`;
      const before = await Deno.readFile(main);
      await Deno.truncate(main, 10);
      equal((await runWords([file, "--help"], env)).code, 0);
      deepEqual(await Deno.readFile(main), before);
      deepEqual(unpackedIn(cache).left, []);
    });

    await t.step("comes up in the background, from a path with spaces", async () => {
      const odd = `${path}/ä b`;
      await Deno.mkdir(odd);
      await Deno.copyFile(file, `${odd}/pollen ü`);
      await using places = await Places.make();
      const node = {
        ...await places.place("node"),
        program: [`${odd}/pollen ü`],
        env: { POLLEN_CACHE_DIR: `${odd}/cache` },
      };
      await pollenOk(node, ["init"]);
      await pollenOk(node, ["up", "-d", "--port", "0", "--ips", "127.0.0.1"]);
      match(await pollenOk(node, ["status"]), /online|this node|peer/i);
      await pollenOk(node, ["down"]);
      equal(unpackedIn(`${odd}/cache`).whole.length, 1);
    });

    await t.step("starts again after a first start that was killed", async () => {
      const killed = `${path}/killed`;
      const child = new Deno.Command(file, {
        args: ["--help"],
        env: { POLLEN_CACHE_DIR: killed },
        stdout: "null",
      }).spawn();
      await until("it unpacks", async () => {
        if (!await exists(killed)) return null;
        return unpackedIn(killed).left.length > 0 ? true : null;
      });
      child.kill("SIGKILL");
      await child.status;
      const before = unpackedIn(killed);
      deepEqual([before.whole.length, before.left.length], [0, 1], "it was killed half-way");
      equal((await runWords([file, "--help"], { POLLEN_CACHE_DIR: killed })).code, 0);
      deepEqual([unpackedIn(killed).whole.length, unpackedIn(killed).left], [1, []]);
    });

    await t.step("removes versions that nobody uses, and only those", async () => {
      const root = `${path}/old`;
      const [unused, running, fresh] = ["a", "b", "c"].map((letter) => letter.repeat(64));
      for (const name of [unused, running, fresh]) {
        await Deno.mkdir(`${root}/${name}`, { recursive: true });
      }
      await Deno.chmod(root, 0o700);
      const longAgo = new Date("2020-01-01T00:00:00Z");
      await Deno.utime(`${root}/${unused}`, longAgo, longAgo);
      await Deno.utime(`${root}/${running}`, longAgo, longAgo);
      using lock = await Deno.open(`${root}/${running}`);
      await lock.lock(false);
      equal((await runWords([file, "--help"], { POLLEN_CACHE_DIR: root })).code, 0);
      const { whole } = unpackedIn(root);
      deepEqual([whole.includes(unused!), whole.includes(running!), whole.includes(fresh!)], [
        false,
        true,
        true,
      ]);
      equal(whole.length, 3);
    });

    await t.step({
      name: "runs without any variable, and for a user without a home",
      ignore: !IS_ROOT,
      fn: async () => {
        const script = `
          mount -t tmpfs -o mode=1777 none /var/tmp
          env -i "$0" --help >/dev/null
          stat -c %a-%u /var/tmp/pollen-0
          setpriv --reuid 65534 --regid 65534 --clear-groups env -i HOME=/nonexistent "$0" --help >/dev/null
          stat -c %a-%u /var/tmp/pollen-65534`;
        const { code, stdout, stderr } = await runMounted(script, file);
        deepEqual([code, stdout, stderr], [0, "700-0\n700-65534\n", ""]);
      },
    });
  },
});

Deno.test("what the launcher sets for Deno does not reach what pollen starts", async () => {
  const program = new URL("../../lib/cli/program.ts", import.meta.url).href;
  const script = `
    const { thisProgram, programWords } = await import(${JSON.stringify(program)});
    const names = ["POLLEN_EXECUTABLE", "DENO_DIR", "DENO_NO_UPDATE_CHECK"];
    console.log(JSON.stringify([thisProgram(), programWords(["up"]), names.map((n) => Deno.env.has(n))]));`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const folder = await Deno.makeTempDir();
  const ask = async (env: Record<string, string>) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", "--config", config, `${folder}/ask.ts`],
      env,
    }).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  };
  await Deno.writeTextFile(`${folder}/ask.ts`, script);
  const own = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
  const runtime = { DENO_DIR: own, DENO_NO_UPDATE_CHECK: "1" };
  deepEqual(await ask({ ...runtime, POLLEN_EXECUTABLE: "/a b/pollen" }), [
    { kind: "portable", file: "/a b/pollen" },
    ["/a b/pollen", "up"],
    [false, false, false],
  ]);
  const fromSource = await ask(runtime);
  equal(fromSource[0].kind, "source");
  notEqual(fromSource[1][0], "/a b/pollen");
  deepEqual(fromSource[2], [false, true, true]);
  await Deno.remove(folder, { recursive: true });
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
