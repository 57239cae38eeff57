// State folders whose nodes may run in the background. Invariant: at the end of a test nothing runs
// on any of them, whatever became of the test.

import { connectionsOf } from "../../../scripts/support/held.ts";
import {
  type Finished,
  type Place,
  pollen,
  TemporaryFolder,
  until,
} from "../../../scripts/support/pollen_process.ts";

/** Folders that are made on demand and emptied of nodes and files at the end. */
export class Places implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #places: Place[] = [];

  private constructor(folder: TemporaryFolder) {
    this.#folder = folder;
  }

  static async make(): Promise<Places> {
    return new Places(await TemporaryFolder.make());
  }

  async place(name: string): Promise<Place> {
    const place = { dir: await this.#folder.folder(name) };
    this.#places.push(place);
    return place;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of this.#places) {
      for (const pid of nodesOf(place)) await carriesNothing(pid);
      if (nodesOf(place).length > 0) await pollen(place, ["down"]);
      for (const pid of nodesOf(place)) Deno.kill(pid, "SIGKILL");
      await nothingRuns(place);
    }
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Waits until the node holds no TCP connection any more: whoever used it is done. */
async function carriesNothing(pid: number): Promise<void> {
  await until(
    "the node carries nothing any more",
    () => Promise.resolve(connectionsOf(pid).length === 0 || null),
  );
}

/** The processes that run a node on this folder. */
export function nodesOf({ dir }: Place): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    if (!(pid > 0)) return false;
    try {
      const words = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
      return words.includes("up") && words.includes(dir);
    } catch {
      return false; // It ended in this very moment.
    }
  });
}

/** Waits until no process runs a node on this folder. */
export async function nothingRuns(place: Place): Promise<void> {
  await until("nothing runs any more", () => Promise.resolve(nodesOf(place).length === 0 || null));
}

/** Runs a command with `--json` that must succeed; its object. */
export async function pollenJson(
  place: Place,
  args: readonly string[],
  // deno-lint-ignore no-explicit-any -- each test names the fields it looks at
): Promise<any> {
  const { code, stdout, stderr } = await pollen(place, [...args, "--json"]);
  if (code !== 0) throw new Error(`pollen ${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Demands an exit code, silence on standard output and a text on standard error. */
export function assertFailed(
  { code, stdout, stderr }: Finished,
  wanted: number,
  text: RegExp,
): void {
  if (code === wanted && stdout === "" && text.test(stderr)) return;
  throw new Error(
    `wanted ${wanted} and ${text}, got ${code}\nstdout: ${stdout}\nstderr: ${stderr}`,
  );
}
