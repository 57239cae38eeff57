// A copy of the repository as it is now, its uncommitted changes included, to break on purpose.

import { dirname, join } from "../../paths.ts";
import { ROOT } from "../contract.ts";

export async function git(args: readonly string[], cwd = ROOT): Promise<string | null> {
  const { success, stdout } = await new Deno.Command("git", { args: [...args], cwd }).output();
  return success ? new TextDecoder().decode(stdout).trim() : null;
}

export class TreeCopy implements AsyncDisposable {
  private constructor(readonly dir: string) {}

  /** Copies what git tracks and what it would, into a folder of its own. */
  static async make(): Promise<TreeCopy> {
    const dir = await Deno.makeTempDir({ prefix: "pollen-mutants-" });
    const listed = await git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    const made = new Set<string>();
    for (const file of (listed ?? "").split("\0").filter((name) => name !== "")) {
      const folder = dirname(join(dir, file));
      if (!made.has(folder)) await Deno.mkdir(folder, { recursive: true });
      made.add(folder);
      await Deno.copyFile(join(ROOT, file), join(dir, file)).catch(ignoreDeleted);
    }
    return new TreeCopy(dir);
  }

  /** Applies a patch of the repository to the copy; false when it does not fit. */
  async apply(patch: string): Promise<boolean> {
    return await git(["apply", join(ROOT, patch)], this.dir) !== null;
  }

  /** Takes it back. */
  async revert(patch: string): Promise<void> {
    if (await git(["apply", "--reverse", join(ROOT, patch)], this.dir) === null) {
      throw new Error(`${patch} cannot be taken back`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** A file that git tracks and that is deleted in the working tree. */
function ignoreDeleted(thrown: unknown): void {
  if (!(thrown instanceof Deno.errors.NotFound)) throw thrown;
}
