// State folders whose nodes may run in the background. Invariant: at the end of a test nothing runs
// on any of them, whatever became of the test.

import {
  type Finished,
  type Place,
  pollen,
  TemporaryFolder,
  until,
} from "../../../scripts/support/pollen_process.ts";
import { Rest } from "../../../scripts/support/rest.ts";

/** Folders that are made on demand and emptied of nodes and files at the end. */
export class Places implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #places: Place[] = [];
  /** Of the nodes that run or ran, from the end of the command that started them. */
  readonly #rests = new Map<number, Rest>();

  private constructor(folder: TemporaryFolder) {
    this.#folder = folder;
  }

  static async make(): Promise<Places> {
    return new Places(await TemporaryFolder.make());
  }

  async place(name: string): Promise<Place> {
    const dir = await this.#folder.folder(name);
    const place: Place = { dir, onCommand: () => this.#look(place) };
    this.#places.push(place);
    return place;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of this.#places) {
      for (const pid of nodesOf(place)) await this.#rests.get(pid)?.demand();
      if (nodesOf(place).length > 0) await pollen(place, ["down"]);
      for (const pid of nodesOf(place)) Deno.kill(pid, "SIGKILL");
      await nothingRuns(place);
    }
    await this.#folder[Symbol.asyncDispose]();
  }

  #look(place: Place): void {
    for (const pid of nodesOf(place)) {
      if (this.#rests.has(pid)) continue;
      this.#rests.set(pid, new Rest(`the node in the background on ${place.dir}`, pid));
    }
  }
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
