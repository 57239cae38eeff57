// Real files on this machine: modes, atomicity, locks, and errors that name the path.

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { systemDisk } from "../../../lib/host/mod.ts";
import { FileDisk } from "../../../lib/host/disk.ts";
import type { FileSystem } from "../../../lib/host/file_system.ts";
import { parentOf } from "../../../lib/host/directories.ts";
import { toDiskError } from "../../../lib/host/disk_errors.ts";
import { PollenError } from "../../../lib/types/mod.ts";

async function inDirectory(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await run(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function underUmask(umask: number, run: () => Promise<void>): Promise<void> {
  const before = Deno.umask(umask);
  try {
    await run();
  } finally {
    Deno.umask(before);
  }
}

function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("what was written is read back", () =>
  inDirectory(async (dir) => {
    const path = `${dir}/file`;
    equal(await systemDisk.read(path, 10), null);
    for (const text of ["first", "", "second"]) {
      await systemDisk.writeAtomic(path, bytes(text), 0o600);
      deepEqual(await systemDisk.read(path, 10), bytes(text));
    }
    deepEqual(await systemDisk.list(dir), ["file"]);
  }));

for (const umask of [0o000, 0o022, 0o077]) {
  Deno.test(`modes are as asked for under umask ${umask.toString(8).padStart(3, "0")}`, () =>
    inDirectory((dir) =>
      underUmask(umask, async () => {
        await systemDisk.makeDirectory(`${dir}/a/b`, 0o700);
        equal(modeOf(`${dir}/a`), 0o700);
        equal(modeOf(`${dir}/a/b`), 0o700);
        await systemDisk.makeDirectory(`${dir}/shared`, 0o770);
        equal(modeOf(`${dir}/shared`), 0o770);
        for (const mode of [0o600, 0o640, 0o644, 0o660]) {
          const path = `${dir}/a/b/${mode}`;
          await systemDisk.writeAtomic(path, bytes("x"), mode);
          equal(modeOf(path), mode);
        }
        using _lock = await systemDisk.tryLock(`${dir}/lock`, 0o600);
        equal(modeOf(`${dir}/lock`), 0o600);
      })
    ));
}

Deno.test("a file that is replaced gets the new mode, a directory that is there keeps its own", () =>
  inDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "old", { mode: 0o666 });
    await systemDisk.writeAtomic(`${dir}/file`, bytes("new"), 0o600);
    equal(modeOf(`${dir}/file`), 0o600);
    await Deno.chmod(dir, 0o755);
    await systemDisk.makeDirectory(dir, 0o700);
    equal(modeOf(dir), 0o755);
  }));

Deno.test("a write that fails leaves the old content and nothing else", () =>
  inDirectory(async (dir) => {
    // A directory in the file's place lets everything succeed but the last step.
    await Deno.mkdir(`${dir}/taken/inside`, { recursive: true });
    await rejects(
      systemDisk.writeAtomic(`${dir}/taken`, bytes("x"), 0o600),
      (error: PollenError) => {
        ok(error instanceof PollenError);
        match(error.message, new RegExp(`^${dir}/taken could not be written\\. .+\\.$`));
        return true;
      },
    );
    deepEqual(await systemDisk.list(dir), ["taken"]);

    await rejects(systemDisk.writeAtomic(`${dir}/absent/file`, bytes("x"), 0o600), { code: "io" });
    deepEqual(await systemDisk.list(dir), ["taken"]);
  }));

Deno.test("writers at the same time leave one content whole", () =>
  inDirectory(async (dir) => {
    const contents = Array.from({ length: 16 }, (_, index) => bytes(`${index} `.repeat(10_000)));
    await Promise.all(
      contents.map((content) => systemDisk.writeAtomic(`${dir}/file`, content, 0o600)),
    );
    const left = await systemDisk.read(`${dir}/file`, 1 << 20);
    ok(contents.some((content) => content.toHex() === left!.toHex()));
    deepEqual(await systemDisk.list(dir), ["file"]);
  }));

Deno.test("a file beyond the bound is refused, one at the bound is read", () =>
  inDirectory(async (dir) => {
    const path = `${dir}/file`;
    await systemDisk.writeAtomic(path, new Uint8Array(100), 0o600);
    equal((await systemDisk.read(path, 100))!.length, 100);
    await rejects(systemDisk.read(path, 99), { code: "too_large" });
  }));

Deno.test("a file whose size is not known beforehand is read to its end", async () => {
  const text = new TextDecoder().decode((await systemDisk.read("/proc/self/status", 1 << 16))!);
  match(text, /Pid:/);
  await rejects(systemDisk.read("/proc/self/status", 16), { code: "too_large" });
});

Deno.test("what is no file is not read", () =>
  inDirectory(async (dir) => {
    await rejects(systemDisk.read(dir, 10), /is not a file/);
    await systemDisk.writeAtomic(`${dir}/file`, bytes("x"), 0o600);
    await rejects(systemDisk.read(`${dir}/file/below`, 10), { code: "io" });
    await rejects(systemDisk.makeDirectory(`${dir}/file`, 0o700), /is not a directory/);
    await rejects(systemDisk.makeDirectory(`${dir}/file/below`, 0o700), { code: "io" });
    await rejects(systemDisk.list(`${dir}/file`), { code: "io" });
  }));

Deno.test("removing and listing what is not there is no error", () =>
  inDirectory(async (dir) => {
    await systemDisk.remove(`${dir}/absent`);
    deepEqual(await systemDisk.list(`${dir}/absent`), []);
    await systemDisk.writeAtomic(`${dir}/b`, bytes(""), 0o600);
    await systemDisk.writeAtomic(`${dir}/a`, bytes(""), 0o600);
    deepEqual(await systemDisk.list(dir), ["a", "b"]);
    await systemDisk.remove(`${dir}/a`);
    deepEqual(await systemDisk.list(dir), ["b"]);
  }));

Deno.test("what killed writers left behind goes, what is being written stays", () =>
  inDirectory(async (dir) => {
    const now = Date.now();
    const temporary = (name: string) => `${dir}/${name}.${crypto.randomUUID()}.tmp`;
    const [old, young] = [temporary("state.yaml"), temporary("config.yaml")];
    for (const path of [old, young, `${dir}/mine.tmp`, `${dir}/state.yaml`]) {
      await Deno.writeTextFile(path, "x");
      await Deno.utime(path, new Date(now), new Date(now - 3_600_000));
    }
    await Deno.utime(young, new Date(now), new Date(now - 3_599_000));
    await systemDisk.removeLeftovers(dir, now);
    const left = await systemDisk.list(dir);
    deepEqual(left, [young.slice(dir.length + 1), "mine.tmp", "state.yaml"]);
    await systemDisk.removeLeftovers(`${dir}/absent`, now);
  }));

Deno.test("a lock is held by one, until it is given up", () =>
  inDirectory(async (dir) => {
    const path = `${dir}/lock`;
    const first = await systemDisk.tryLock(path, 0o600);
    ok(first);
    equal(await systemDisk.tryLock(path, 0o600), null);
    first.release();
    first.release();
    using second = await systemDisk.tryLock(path, 0o600);
    ok(second);
    deepEqual(await systemDisk.list(dir), ["lock"]);
    await rejects(systemDisk.tryLock(`${dir}/absent/lock`, 0o600), { code: "io" });
  }));

Deno.test("whoever just looks at a lock keeps nobody from taking it", () =>
  inDirectory(async (dir) => {
    let looks = 2;
    const watched: FileSystem = Object.assign(Object.create(Deno), {
      async open(path: string, options: Deno.OpenOptions) {
        const file = await Deno.open(path, options);
        const tryLock = file.tryLock.bind(file);
        file.tryLock = async (exclusive) => looks-- > 0 ? false : await tryLock(exclusive);
        return file;
      },
    });
    using lock = await new FileDisk(watched).tryLock(`${dir}/lock`, 0o600);
    ok(lock);
    looks = Infinity;
    equal(await new FileDisk(watched).tryLock(`${dir}/other`, 0o600), null);
  }));

Deno.test("a lock is held against other processes and ends with its own", () =>
  inDirectory(async (dir) => {
    const path = `${dir}/lock`;
    const door = new URL("../../../lib/host/mod.ts", import.meta.url).href;
    const script = `
      import { systemDisk } from ${JSON.stringify(door)};
      const lock = await systemDisk.tryLock(${JSON.stringify(path)}, 0o600);
      console.log(lock === null ? "busy" : "held");
      await Deno.stdin.read(new Uint8Array(1));
      Deno.exit(0);
    `;
    await Deno.writeTextFile(`${dir}/child.ts`, script);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", `${dir}/child.ts`],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    equal(new TextDecoder().decode(value).trim(), "held");
    equal(await systemDisk.tryLock(path, 0o600), null);
    await child.stdin.close();
    await reader.cancel();
    await child.status;
    using lock = await systemDisk.tryLock(path, 0o600);
    ok(lock);
  }));

Deno.test("errors name the path, the reason and what to do", () => {
  const table: [string, string, RegExp][] = [
    ["EACCES", "permission_denied", /Run as the user who owns it/],
    ["EPERM", "permission_denied", /Run as the user who owns it/],
    ["ENOSPC", "io", /No space is left.*Free some space/],
    ["EROFS", "io", /read-only.*--dir/],
    ["EMFILE", "exhausted", /too many files/],
  ];
  for (const [name, code, text] of table) {
    const error = toDiskError(Object.assign(new Error(name), { code: name }), "/a/b", "written");
    equal(error.code, code);
    match(error.text, /^\/a\/b could not be written\. /);
    match(error.text, text);
  }
  const unknown = toDiskError(
    new Error("Strange thing (os error 99): open '/a/b'"),
    "/a/b",
    "read",
  );
  equal(unknown.text, "/a/b could not be read. Strange thing.");
  equal(unknown.code, "io");
});

Deno.test("the directory that a path is in, up to the root", () => {
  for (
    const [path, parent] of [["/a/b/c", "/a/b"], ["/a/b/", "/a"], ["/a", "/"], ["/a/", "/"], [
      "/",
      "/",
    ]]
  ) equal(parentOf(path!), parent);
});
