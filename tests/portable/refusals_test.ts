// Where the portable file does not start: it says which folder or file, why, and what to do, and leaves
// nothing behind.

import { deepEqual, equal, match } from "node:assert/strict";
import { concat } from "../../scripts/portable/format.ts";
import { CAN_RUN, IS_ROOT, PortablePlace, runMounted, runWords, unpackedIn } from "./support.ts";

/** Bytes of the footer, and where in it what is: `scripts/launcher/src/manifest.rs`. */
const FOOTER = { bytes: 64, manifest: 16, magic: 48 } as const;

async function damaged(
  { file, path }: PortablePlace,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
): Promise<string> {
  const copy = `${path}/damaged`;
  await Deno.writeFile(copy, change(await Deno.readFile(file)), { mode: 0o755 });
  return copy;
}

function flip(bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
  bytes[at]! ^= 1;
  return bytes;
}

function manifestOffset(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteLength - FOOTER.bytes);
  return Number(view.getBigUint64(0, true));
}

Deno.test({
  name: "a damaged portable file runs nothing",
  ignore: !CAN_RUN,
  fn: async (t) => {
    await using place = await PortablePlace.make();
    const cache = `${place.path}/cache`;
    const env = { POLLEN_CACHE_DIR: cache };
    /** Each is a change, and whether it is found before anything is unpacked, so by `version` too. */
    const changes: Readonly<
      Record<string, [(bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>, boolean]>
    > = {
      "cut by one byte": [(bytes) => bytes.subarray(0, bytes.length - 1), true],
      "cut in the middle": [(bytes) => bytes.subarray(0, bytes.length >> 1), true],
      "one byte more": [(bytes) => concat([bytes, new Uint8Array(1)]), true],
      "altered magic": [(bytes) => flip(bytes, bytes.length - 1), true],
      "altered hash": [(bytes) => flip(bytes, bytes.length - FOOTER.magic), true],
      "altered manifest": [(bytes) => flip(bytes, manifestOffset(bytes) + 100), true],
      "altered content": [(bytes) => flip(bytes, manifestOffset(bytes) >> 1), false],
      "altered end of content": [(bytes) => flip(bytes, manifestOffset(bytes) - 1), false],
      "altered launcher": [(bytes) => flip(bytes, 12), false],
    };
    for (const [name, [change, isFoundAtOnce]] of Object.entries(changes)) {
      await t.step(name, async () => {
        const copy = await damaged(place, change);
        const { code, stdout, stderr } = await runWords([copy, "--help"], env);
        deepEqual([code, stdout], [1, ""]);
        match(stderr, /^The program file ".*\/damaged" is damaged: .*Get the file again/);
        const version = await runWords([copy, "version"], env);
        equal(version.code, isFoundAtOnce ? 1 : 0);
        if (isFoundAtOnce) return;
        deepEqual(unpackedIn(cache), { whole: [], left: [] });
      });
    }
    await t.step("with --json the failure is an object", async () => {
      const copy = await damaged(place, (bytes) => bytes.subarray(0, bytes.length - 9));
      const { stderr } = await runWords([copy, "status", "--json"], env);
      equal(JSON.parse(stderr).error.code, "malformed");
    });
  },
});

Deno.test({
  name: "a folder that does not do is named",
  ignore: !CAN_RUN || !IS_ROOT,
  fn: async (t) => {
    await using place = await PortablePlace.make();
    const inTmpfs = (options: string, after: string) => `
      mkdir -p "$0.d"
      mount -t tmpfs -o ${options} none "$0.d"
      ${after}`;
    const start = 'POLLEN_CACHE_DIR="$0.d/cache" "$0" --help';
    const cases: Readonly<Record<string, [string, RegExp, number]>> = {
      "read-only": [
        inTmpfs("ro", start),
        /^Pollen cannot be unpacked into ".*\.d\/cache": it is on a read-only .*POLLEN_CACHE_DIR/,
        4,
      ],
      "full": [
        inTmpfs("size=20m", `${start} || code=$?; find "$0.d" -type f -size +0; exit $code`),
        /^Pollen cannot be unpacked into ".*\.d\/cache": the file system is full; \d+ MB are needed/,
        1,
      ],
      "noexec": [
        inTmpfs("noexec", `${start} || code=$?; find "$0.d" -type f -size +0; exit $code`),
        /^Pollen is not unpacked into ".*\.d\/cache": its file system is mounted noexec/,
        4,
      ],
      "noexec since": [
        inTmpfs("rw", `${start} >/dev/null; mount -o remount,noexec "$0.d"; ${start}`),
        /^Pollen is not unpacked into ".*\.d\/cache": its file system is mounted noexec/,
        4,
      ],
      "without rights": [
        inTmpfs(
          "mode=755",
          `setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '${start}' "$0"`,
        ),
        /^Pollen cannot be unpacked into ".*\.d\/cache": this user may not write there/,
        4,
      ],
      "of somebody else": [
        inTmpfs("mode=755", `mkdir "$0.d/cache"; chown 1234 "$0.d/cache"; ${start}`),
        /^Pollen is not unpacked into ".*\.d\/cache": it belongs to user 1234, and this is user 0/,
        4,
      ],
      "planted by somebody else": [
        inTmpfs("mode=755", `${start} >/dev/null; chown 1234 "$0.d"/cache/*; ${start}`),
        /^Pollen is not unpacked into ".*\.d\/cache\/[0-9a-f]{64}": it belongs to user 1234/,
        4,
      ],
      "open to everybody": [
        inTmpfs("mode=755", `mkdir "$0.d/cache"; chmod 777 "$0.d/cache"; ${start}`),
        /^Pollen is not unpacked into ".*\.d\/cache": other users may write there \(its mode is 0777\)/,
        4,
      ],
      "a link of somebody else": [
        inTmpfs("mode=755", `ln -s /tmp "$0.d/cache"; chown -h 1234 "$0.d/cache"; ${start}`),
        /^Pollen is not unpacked into ".*\.d\/cache": it is a symbolic link, and it belongs to user/,
        4,
      ],
    };
    for (const [name, [script, text, wanted]] of Object.entries(cases)) {
      await t.step(name, async () => {
        const { code, stdout, stderr } = await runMounted(script, place.file);
        deepEqual([code, stdout], [wanted, ""], stderr);
        match(stderr, text);
      });
    }
  },
});

Deno.test({
  name: "a system without glibc is told so by name, and gets the version all the same",
  ignore: !CAN_RUN || !IS_ROOT,
  fn: async () => {
    await using place = await PortablePlace.make();
    const root = `${place.path}/root`;
    await Deno.mkdir(`${root}/lib`, { recursive: true });
    await Deno.copyFile(place.file, `${root}/pollen`);
    // There is no /proc either.
    const inside = (...words: string[]) => runWords(["chroot", root, "/pollen", ...words]);
    equal((await inside("version")).code, 0);
    const bare = await inside("--help");
    deepEqual([bare.code, bare.stdout], [1, ""]);
    match(
      bare.stderr,
      /needs the C library glibc 2\.\d+ or newer; this system has no "\/lib64\/ld-/,
    );
    await Deno.writeTextFile(`${root}/lib/ld-musl-x86_64.so.1`, "");
    match((await inside("--help")).stderr, /this system has musl \(as Alpine Linux does\)/);
    deepEqual([...Deno.readDirSync(root)].map(({ name }) => name).sort(), ["lib", "pollen"]);
  },
});
