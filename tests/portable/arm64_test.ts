// The file for Linux on arm64, run whole: qemu stands in for the processor, registered with the kernel
// in a user namespace of the test's own. Slow, so only among the long runs (POLLEN_FULL=1).
//
// Needs qemu-user and libc6-arm64-cross, and a kernel with binfmt_misc per user namespace (6.7).

import { equal, match } from "node:assert/strict";
import { buildPortable } from "../../scripts/portable/build.ts";
import { targetCalled } from "../../scripts/portable/targets.ts";
import { Daemon, pollenOk, TemporaryFolder } from "../../scripts/support/pollen_process.ts";

const QEMU = "/usr/bin/qemu-aarch64";
const LIBRARIES = "/usr/aarch64-linux-gnu/lib";

/** An emulated processor is some thirty times as slow. */
const UP_TIMEOUT_MS = 180_000;

/** Makes `$0` a root with the C libraries of both processors, and runs the words in it. */
const ENTER = String.raw`
mount -t binfmt_misc none "$0/binfmt"
echo ':arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:${QEMU}:F' >"$0/binfmt/register"
mount --bind ${LIBRARIES} "$0/usr/lib/aarch64-linux-gnu"
mount --bind /usr/lib/x86_64-linux-gnu "$0/lib/x86_64-linux-gnu"
mount --bind /lib64 "$0/lib64"
mount --rbind /dev "$0/dev"
mount --rbind /proc "$0/proc"
exec chroot "$0" "$@"`;

const FOLDERS = [
  ...["binfmt", "dev", "proc", "tmp", "lib64", "cache", "node"],
  ...["lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"],
];

if (Deno.env.get("POLLEN_FULL") === "1" && await exists(QEMU) && await exists(LIBRARIES)) {
  Deno.test("the file for arm64 unpacks, runs a node with its own engine, and ends", async () => {
    await using folder = await TemporaryFolder.make();
    const root = folder.path;
    for (const name of FOLDERS) await Deno.mkdir(`${root}/${name}`, { recursive: true });
    const loader = "ld-linux-aarch64.so.1";
    await Deno.symlink(`/usr/lib/aarch64-linux-gnu/${loader}`, `${root}/lib/${loader}`);
    await Deno.chmod(`${root}/cache`, 0o700);
    await buildPortable(targetCalled("linux-arm64"), `${root}/pollen`, { level: 1 });
    const own = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc", ENTER, root];
    const place = {
      dir: "/node",
      cwd: root,
      program: [...own, "/pollen"],
      env: { POLLEN_CACHE_DIR: "/cache" },
    };
    match(await pollenOk(place, ["version"]), /linux aarch64/);
    await pollenOk(place, ["init"]);
    const node = await Daemon.up(place, ["--port", "0", "--ips", "127.0.0.1"], UP_TIMEOUT_MS);
    equal(await node.stop(), 0);
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
