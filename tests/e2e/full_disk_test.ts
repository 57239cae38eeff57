// A disk without room, and one that cannot be written: the daemon says so and stays up, nothing is
// half done, and everything is there once there is room. Needs root on Linux, for a disk that small.

import { deepEqual, equal, match } from "node:assert/strict";
import {
  Daemon,
  type Finished,
  pollen,
  pollenOk,
  TemporaryFolder,
} from "../../scripts/support/pollen_process.ts";
import { LOCAL, status } from "./support/network.ts";

const CAN_MOUNT = Deno.build.os === "linux" && Deno.uid() === 0;

/** A file system of 256 KB at that folder. */
class SmallDisk implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async mount(path: string): Promise<SmallDisk> {
    await run("mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", path);
    return new SmallDisk(path);
  }

  /** Takes all the room there is. */
  async fill(): Promise<void> {
    await new Deno.Command("dd", {
      args: ["if=/dev/zero", `of=${this.path}/fill`, "bs=1024"],
      stdout: "null",
      stderr: "null",
    }).output();
  }

  async free(): Promise<void> {
    await Deno.remove(`${this.path}/fill`);
  }

  remount(how: "ro" | "rw"): Promise<void> {
    return run("mount", "-o", `remount,${how}`, this.path);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return run("umount", this.path);
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

function assertRefusal({ code, stdout, stderr }: Finished, text: RegExp): void {
  equal(code, 1, stderr);
  equal(stdout, "");
  match(stderr, text);
  equal(/\n\s+at /.test(stderr), false, stderr);
}

Deno.test({
  name: "a disk that is full, and one that is read-only",
  ignore: !CAN_MOUNT,
  fn: async (t) => {
    await using folder = await TemporaryFolder.make();
    await using disk = await SmallDisk.mount(await folder.folder("disk"));
    const place = { dir: `${disk.path}/state`, cwd: folder.path };
    const served = async () =>
      (await status(place)).services.map(({ name, port }) => `${name} ${port}`);
    await pollenOk(place, ["init"]);
    const id = await pollenOk(place, ["id"]);

    await t.step("what does not fit is refused whole, and works once there is room", async () => {
      await using daemon = await Daemon.up(place, LOCAL);
      await pollenOk(place, ["serve", "80", "web"]);
      await disk.fill();
      const full = /state\.yaml could not be written\. No space is left.*Free some space/;
      assertRefusal(await pollen(place, ["serve", "81", "api"]), full);
      assertRefusal(await pollen(place, ["serve", "81", "web"]), full);
      assertRefusal(await pollen(place, ["unserve", "web"]), full);
      deepEqual(await served(), ["web 80"]);
      await disk.free();
      await pollenOk(place, ["serve", "82", "db"]);
      deepEqual(await served(), ["db 82", "web 80"]);
      await daemon.kill();
    });

    await t.step("a start on a full disk says so, and loses nothing", async () => {
      await disk.fill();
      const full = await pollen(place, ["up", ...LOCAL]);
      assertRefusal(full, /No space is left.*Free some space/);
      await disk.free();
    });

    await t.step("a start on a read-only disk says so, and loses nothing", async () => {
      await disk.remount("ro");
      assertRefusal(await pollen(place, ["up", ...LOCAL]), /read-only/);
      equal(await pollenOk(place, ["id"]), id);
      await disk.remount("rw");
      await using _daemon = await Daemon.up(place, LOCAL);
      deepEqual(await served(), ["db 82", "web 80"]);
    });
  },
});
