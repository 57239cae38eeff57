// Pollen's own code as the modules that go into a file: `main.ts` and all that it needs, in a few
// chunks, so that a command loads only what it uses.

import { fromFileUrl } from "../paths.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** A file to pack. */
export interface PackedFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly isExecutable: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The name of the first module. */
export const MAIN = "main.js";

/** Bundles the program. The files are in the order of their names. */
export async function bundle(folder: string): Promise<PackedFile[]> {
  const target = await Deno.makeTempDir();
  try {
    // Not minified: it would save 2 % of the file, and take the meaning from every stack trace.
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--platform", "deno", "--code-splitting", "--frozen"],
        ...["--outdir", target, "main.ts"],
      ],
      cwd: ROOT,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
    const files: PackedFile[] = [];
    for (const { name } of [...Deno.readDirSync(target)]) {
      const bytes = await Deno.readFile(`${target}/${name}`);
      files.push({ path: `${folder}/${name}`, isExecutable: false, bytes });
    }
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  } finally {
    await Deno.remove(target, { recursive: true });
  }
}
