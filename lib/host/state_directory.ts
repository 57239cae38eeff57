// Where a node keeps its files. The first that applies: what the user said (`--dir`), what the
// environment says (POLLEN_DIR), the directory of a system-wide installation when this user may
// enter it, the user's own. The same rule holds for every command, so that they find one daemon.

import { PollenError } from "../types/mod.ts";

/** The directory of a system-wide installation. */
export const SYSTEM_DIRECTORY = "/var/lib/pollen";

/** The user's own, below the home directory. */
const USER_DIRECTORY = ".pollen";

/** Where the environment is read from: `Deno.env`, or a stand-in. */
export interface Environment {
  get(name: string): string | undefined;
}

/**
 * The absolute path of the state directory. It need not exist.
 *
 * @param explicit The user's `--dir`, if any; relative ones count from the current directory.
 * @param systemDirectory Where a system-wide installation would be.
 * @throws {PollenError} `invalid_argument` for an empty `--dir`, `failed_precondition` when there is
 *   no home directory to fall back on.
 */
export function resolveStateDirectory(
  explicit: string | undefined,
  env: Environment,
  systemDirectory: string = SYSTEM_DIRECTORY,
): string {
  if (explicit !== undefined) {
    if (explicit === "") throw new PollenError("invalid_argument", "--dir names no directory.");
    return toAbsolute(explicit);
  }
  const fromEnvironment = env.get("POLLEN_DIR");
  if (fromEnvironment !== undefined && fromEnvironment !== "") return toAbsolute(fromEnvironment);
  if (mayEnter(systemDirectory)) return systemDirectory;

  const home = env.get("HOME") ?? "";
  if (home === "") {
    throw new PollenError(
      "failed_precondition",
      "There is no directory for Pollen's files. HOME is not set.",
      { fix: "Name a directory with --dir or POLLEN_DIR." },
    );
  }
  return toAbsolute(`${home}/${USER_DIRECTORY}`);
}

/** Whether there is such a directory and this user may enter it: looking at `.` inside needs that right. */
function mayEnter(directory: string): boolean {
  try {
    return Deno.statSync(`${directory}/.`).isDirectory;
  } catch {
    return false;
  }
}

/** The path from the root, without `.`, `..`, doubled or trailing slashes. */
function toAbsolute(path: string): string {
  const whole = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
