// The image, unpacked by umoci and entered by chroot as the user that it names: no engine for
// containers runs here.

import { join } from "../../paths.ts";
import { demand, must, step } from "./steps.ts";

interface ImageConfig {
  readonly process: {
    readonly args: string[];
    readonly env: string[];
    readonly user: { uid: number };
  };
}

export async function tryImage(release: string, work: string): Promise<void> {
  await step(
    "the image runs a node as a user without rights, with its state in /data",
    async () => {
      const layout = join(work, "layout");
      const bundle = join(work, "bundle");
      const archive = await archiveIn(release);
      await must(["skopeo", "copy", "--quiet", `oci-archive:${archive}`, `oci:${layout}:pollen`]);
      await must(["umoci", "unpack", "--image", `${layout}:pollen`, bundle]);
      const { process }: ImageConfig = JSON.parse(
        await Deno.readTextFile(join(bundle, "config.json")),
      );
      if (process.user.uid === 0) throw new Error("The image runs as root.");
      if (process.args.join(" ") !== "/usr/bin/pollen up") throw new Error(process.args.join(" "));
      const rootfs = join(bundle, "rootfs");
      await Deno.mkdir(join(rootfs, "proc"), { recursive: true });
      await Deno.mkdir(join(rootfs, "dev"), { recursive: true });
      for (const name of ["proc", "dev"]) {
        await must([
          "mount",
          "--bind",
          `/${name}`,
          join(rootfs, name),
        ]);
      }
      try {
        const user = String(process.user.uid);
        const enter = [
          "env",
          "-i",
          ...process.env,
          "/usr/sbin/chroot",
          `--userspec=${user}:${user}`,
          rootfs,
        ];
        const pollen = (...words: string[]) => must([...enter, "/usr/bin/pollen", ...words]);
        await pollen("init");
        await pollen("up", "-d", "--port", "0", "--ips", "127.0.0.1");
        demand(await pollen("status", "--json"), /"self"/);
        await pollen("down");
        demand(
          (await Array.fromAsync(Deno.readDir(join(rootfs, "data")), (e) => e.name)).join(" "),
          /keys/,
        );
      } finally {
        for (const name of ["proc", "dev"]) await must(["umount", "-l", join(rootfs, name)]);
      }
    },
  );
}

async function archiveIn(release: string): Promise<string> {
  for await (const { name } of Deno.readDir(release)) {
    if (name.endsWith("linux-x64.oci.tar")) return join(release, name);
  }
  throw new Error("The release has no image.");
}
