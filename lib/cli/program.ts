// How this very program is started again, and which file it is: from source by Deno, as a compiled
// file by itself, as a portable file by the launcher that names itself in the environment, and from
// a package by the command that the package put on the path.

import { fileURLToPath } from "node:url";
import { PollenError } from "../types/mod.ts";

/** Names the file that was started, where that is not the program that runs. */
const EXECUTABLE_VARIABLE = "POLLEN_EXECUTABLE";
/** Set where a package manager owns the program. */
const PACKAGE_VARIABLE = "POLLEN_PACKAGE";

/** What the launcher of a portable file sets for Deno alone: where it keeps compiled code. */
const RUNTIME_VARIABLES = ["DENO_DIR", "DENO_NO_UPDATE_CHECK"];

/** What this program is. */
export type ProgramKind = "source" | "compiled" | "portable" | "package";

/** What this program is, and the file that starts it; null from source. */
export interface Program {
  readonly kind: ProgramKind;
  readonly file: string | null;
}

const environment = {
  executable: takeVariable(EXECUTABLE_VARIABLE),
  isPackage: takeVariable(PACKAGE_VARIABLE) !== null,
};
// Deno has read them when the first module runs.
if (environment.executable !== null) RUNTIME_VARIABLES.forEach(takeVariable);

/** This program. */
export function thisProgram(): Program {
  if (Deno.build.standalone) return { kind: "compiled", file: Deno.execPath() };
  const { executable, isPackage } = environment;
  if (executable === null) return { kind: "source", file: null };
  return { kind: isPackage ? "package" : "portable", file: executable };
}

/** The words that run pollen with `words`, from any working directory. */
export function programWords(
  words: readonly string[],
  { file }: Program = thisProgram(),
): readonly string[] {
  if (file !== null) return [file, ...words];
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  return [Deno.execPath(), "run", "-A", "--quiet", main, ...words];
}

/**
 * The one file that this program is, for its replacement.
 *
 * @throws {PollenError} `unsupported` where it is not one file of its user's.
 */
export function programFile({ kind, file }: Program = thisProgram()): string {
  if (kind === "package") {
    throw new PollenError("unsupported", "A package manager installed this pollen.", {
      fix: "Upgrade it there, as with: apt upgrade pollen",
    });
  }
  if (Deno.build.os === "darwin") {
    throw new PollenError("unsupported", "On macOS pollen is two files, which go together.", {
      fix: "Install the new version over it with the install.sh of the release.",
    });
  }
  if (file === null) {
    throw new PollenError("unsupported", "This pollen runs from its source.", {
      fix: "Get newer source, as with: git pull",
    });
  }
  return file;
}

/** What it says is meant for this process alone, and not for those that it starts. */
function takeVariable(name: string): string | null {
  const value = Deno.env.get(name);
  if (value === undefined) return null;
  Deno.env.delete(name);
  return value;
}
