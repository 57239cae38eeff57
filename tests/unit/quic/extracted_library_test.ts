// The library of a compiled program, copied out of it: once, whole, and nowhere where somebody else
// could have put another one.

import { deepEqual, equal, throws } from "node:assert/strict";
import { extractLibrary } from "../../../lib/quic/extracted_library.ts";
import { PollenError } from "../../../lib/types/mod.ts";

const CONTENT = new TextEncoder().encode("a library");
const NAME = "0123-libpollen_quic.so";

async function inFolder(act: (folder: string) => unknown): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function extract(variables: Record<string, string>): string {
  return extractLibrary(CONTENT, NAME, { get: (name) => variables[name] });
}

function refusal(variables: Record<string, string>): string {
  let text = "";
  throws(() => extract(variables), (thrown: unknown) => {
    text = thrown instanceof PollenError ? `${thrown.code}: ${thrown.text}` : String(thrown);
    return true;
  });
  return text;
}

Deno.test("it is copied once, and anew when the copy is damaged", () =>
  inFolder((folder) => {
    const cache = `${folder}/deep/cache`;
    const path = extract({ POLLEN_CACHE_DIR: cache });
    deepEqual([path, Deno.readFileSync(path)], [`${cache}/${NAME}`, CONTENT]);
    equal(Deno.statSync(cache).mode! & 0o777, 0o700);
    const { ino } = Deno.statSync(path);
    extract({ POLLEN_CACHE_DIR: cache });
    equal(Deno.statSync(path).ino, ino);
    Deno.writeTextFileSync(path, "damaged!!");
    extract({ POLLEN_CACHE_DIR: cache });
    deepEqual(Deno.readFileSync(path), CONTENT);
    deepEqual([...Deno.readDirSync(cache)].map(({ name }) => name), [NAME]);
  }));

Deno.test("the first folder that is set is taken, as by the launcher", () =>
  inFolder((folder) => {
    const all = [
      ["POLLEN_CACHE_DIR", `${folder}/own`, `${folder}/own`],
      ["CACHE_DIRECTORY", `${folder}/a:${folder}/b`, `${folder}/a`],
      ["XDG_CACHE_HOME", `${folder}/xdg`, `${folder}/xdg/pollen`],
      ["HOME", folder, `${folder}/.cache/pollen`],
    ] as const;
    for (const from of all.keys()) {
      const variables = Object.fromEntries(all.slice(from).map(([name, value]) => [name, value]));
      equal(extract(variables), `${all[from]![2]}/${NAME}`);
    }
    // Empty and relative ones do not count.
    equal(
      extract({ POLLEN_CACHE_DIR: "", XDG_CACHE_HOME: "x", HOME: folder }),
      extract({ HOME: folder }),
    );
  }));

Deno.test("a folder that others can change, or that cannot be written, is refused by name", () =>
  inFolder((folder) => {
    const open = `${folder}/open`;
    Deno.mkdirSync(open);
    Deno.chmodSync(open, 0o777);
    const said = refusal({ POLLEN_CACHE_DIR: open });
    equal(
      said.startsWith(`permission_denied: Pollen is not unpacked into "${open}": other users`),
      true,
      said,
    );
    equal(said.includes("POLLEN_CACHE_DIR"), true);
    if (Deno.uid() === 0) {
      Deno.chmodSync(open, 0o700);
      Deno.chownSync(open, 1234, 1234);
      equal(refusal({ POLLEN_CACHE_DIR: open }).includes("belongs to user 1234"), true);
      Deno.mkdirSync(`${folder}/mine`);
      Deno.symlinkSync(`${folder}/mine`, `${folder}/link`);
      equal(extract({ POLLEN_CACHE_DIR: `${folder}/link` }), `${folder}/link/${NAME}`);
    }
    Deno.writeTextFileSync(`${folder}/file`, "");
    equal(refusal({ POLLEN_CACHE_DIR: `${folder}/file` }).startsWith("io: "), true);
  }));
