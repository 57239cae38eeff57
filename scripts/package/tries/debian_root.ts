// A fresh Debian in a folder, with nothing in it but what Debian calls essential, entered by chroot. It
// has a loopback of its own through a network namespace, and no systemd runs in it.

import { join } from "../../paths.ts";
import { command, type Done, must } from "./steps.ts";

const RELEASE = "bookworm";

export class DebianRoot implements AsyncDisposable {
  private constructor(readonly folder: string, readonly namespace: string) {}

  static async make(folder: string): Promise<DebianRoot> {
    await must(["debootstrap", "--variant=minbase", RELEASE, folder]);
    const root = new DebianRoot(folder, `pollen-try-${Deno.pid}`);
    await must(["ip", "netns", "add", root.namespace]);
    await must(["ip", "-n", root.namespace, "link", "set", "lo", "up"]);
    for (const name of ["proc", "dev"]) {
      await must(["mount", "--bind", `/${name}`, join(folder, name)]);
    }
    return root;
  }

  /** Puts a file of the release into it. */
  async add(source: string, target: string): Promise<void> {
    await Deno.copyFile(source, join(this.folder, target));
  }

  /** Runs a shell's words inside. */
  sh(words: string): Promise<Done> {
    const enter = ["ip", "netns", "exec", this.namespace, "chroot", this.folder];
    const env = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"];
    return command([...enter, ...env, "sh", "-c", words]);
  }

  /** The same for words that must succeed; what they said. */
  async must(words: string): Promise<string> {
    const { code, text } = await this.sh(words);
    if (code !== 0) throw new Error(`${words} ended with ${code}: ${text}`);
    return text.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pids = (await command(["ip", "netns", "pids", this.namespace])).text.split("\n");
    for (const pid of pids.filter((pid) => pid !== "")) await command(["kill", "-9", pid]);
    for (const name of ["proc", "dev"]) await command(["umount", "-l", join(this.folder, name)]);
    await command(["ip", "netns", "del", this.namespace]);
  }
}
