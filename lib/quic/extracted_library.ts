// The library of a compiled program lies inside of it, where no loader opens it. It is copied out
// once, under its hash, into the folder that portable files unpack themselves into as well
// (`scripts/launcher/src/cache.rs`); nobody else may be able to put something there.

import { errorText, PollenError } from "../types/mod.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o644;
/** The bits with which a folder's group and everybody may write there. */
const OTHERS_WRITE = 0o022;

/** Where the environment is read from: `Deno.env`, or a stand-in. */
interface Environment {
  get(name: string): string | undefined;
}

/**
 * Copies `content` out, unless it is there already.
 *
 * @param name What it is called, with its hash: the same name always has the same content.
 * @returns The path of the copy. Whether it is whole is for its user to check.
 * @throws {PollenError} `permission_denied` when the folder cannot be written or trusted, `io`.
 */
export function extractLibrary(
  content: Uint8Array,
  name: string,
  environment: Environment = Deno.env,
): string {
  const root = cacheFolder(environment);
  try {
    Deno.mkdirSync(root, { recursive: true, mode: FOLDER_MODE });
    demandOwn(root);
    const path = `${root}/${name}`;
    if (isThere(path, content)) return path;
    // By rename: another process may do the same, or run from the one that is there.
    const fresh = Deno.makeTempFileSync({ dir: root, prefix: ".unfinished-" });
    Deno.writeFileSync(fresh, content);
    if (Deno.build.os !== "windows") Deno.chmodSync(fresh, FILE_MODE);
    Deno.renameSync(fresh, path);
    return path;
  } catch (thrown) {
    if (thrown instanceof PollenError) throw thrown;
    const isRefused = thrown instanceof Deno.errors.PermissionDenied;
    throw new PollenError(
      isRefused ? "permission_denied" : "io",
      `The engine cannot be unpacked into "${root}": ` +
        `${isRefused ? "this user may not write there" : errorText(thrown)}.`,
      { fix: CHOOSE_CACHE, cause: thrown },
    );
  }
}

const CHOOSE_CACHE = "Name another folder in the environment variable POLLEN_CACHE_DIR.";

/** The first of these that is set. */
function cacheFolder(environment: Environment): string {
  const absolute = (name: string) => {
    const value = environment.get(name) ?? "";
    return /^(\/|[A-Za-z]:[\\/])/.test(value) ? value : undefined;
  };
  const isWindows = Deno.build.os === "windows";
  const base = absolute(isWindows ? "LOCALAPPDATA" : "XDG_CACHE_HOME");
  const home = absolute("HOME");
  return absolute("POLLEN_CACHE_DIR") ??
    // systemd gives a service its own; several are separated by colons (systemd.exec(5)).
    absolute("CACHE_DIRECTORY")?.split(isWindows ? ";" : ":")[0] ??
    (base && `${base}/pollen`) ??
    (home && isOwnFolder(home) ? `${home}/.cache/pollen` : `/var/tmp/pollen-${Deno.uid()}`);
}

function isOwnFolder(path: string): boolean {
  try {
    const { isDirectory, uid } = Deno.statSync(path);
    return isDirectory && uid === Deno.uid();
  } catch {
    return false;
  }
}

/** Refuses a folder, or a link to one, that somebody else made or may write into. */
function demandOwn(root: string): void {
  if (Deno.build.os === "windows") return;
  for (const about of [Deno.lstatSync(root), Deno.statSync(root)]) {
    const isForeign = about.uid !== Deno.uid() && about.uid !== 0;
    const isOpen = !about.isSymlink && (about.mode! & OTHERS_WRITE) !== 0;
    if (!isForeign && !isOpen) continue;
    const why = isForeign ? `it belongs to user ${about.uid}` : "other users may write there";
    throw new PollenError("permission_denied", `Pollen is not unpacked into "${root}": ${why}.`, {
      fix: CHOOSE_CACHE,
    });
  }
}

function isThere(path: string, content: Uint8Array): boolean {
  try {
    const there = Deno.readFileSync(path);
    return there.length === content.length && there.every((byte, at) => byte === content[at]);
  } catch {
    return false;
  }
}
