// Programs beside the nodes of the lab: the files of this folder that say so, each a process at a site.

import { fromFileUrl } from "../../../scripts/paths.ts";
import { within } from "./deadline.ts";
import type { LabNode } from "./nodes.ts";

const decoder = new TextDecoder();

/** The longest that a program may take to say where it is. */
const START_TIMEOUT_MS = 30_000;
/** The longest that one may run: a gibibyte over a slow relay takes minutes. */
const RUN_TIMEOUT_MS = 600_000;

export type Program = "source" | "sink" | "udp_origin" | "udp_user";

/** Starts one of the programs at the node's site. */
export function start(
  { site }: LabNode,
  program: Program,
  ...words: readonly (number | string)[]
): Deno.ChildProcess {
  const file = fromFileUrl(import.meta.resolve(`./${program}.ts`));
  const all = [...site.prefix, Deno.execPath(), "run", "-A", "--quiet", file, ...words.map(String)];
  const [command, ...args] = all;
  return new Deno.Command(command!, { args, stdin: "null", stdout: "piped", stderr: "piped" })
    .spawn();
}

/** The first that a program says; it says nothing more. */
export async function said(program: Deno.ChildProcess): Promise<string> {
  const reader = program.stdout.getReader();
  const giveUp = () => program.kill("SIGKILL");
  const { value } = await within(START_TIMEOUT_MS, "a program starts", reader.read(), giveUp);
  await reader.cancel();
  return decoder.decode(value).trim();
}

/** Runs one of the programs to its end; what it said. Fails with what it complained of. */
export async function run(
  node: LabNode,
  program: Program,
  ...words: readonly (number | string)[]
): Promise<string> {
  const child = start(node, program, ...words);
  const giveUp = () => child.kill("SIGKILL");
  const ended = await within(RUN_TIMEOUT_MS, `${program} ends`, child.output(), giveUp);
  const { success, stdout, stderr } = ended;
  if (!success) throw new Error(`${program}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trim();
}

/** Ends a program. */
export async function end(program: Deno.ChildProcess): Promise<void> {
  program.kill("SIGKILL");
  await program.stderr.cancel();
  await program.status;
}
