// Programs beside the nodes of the lab: the files of this folder that say so, each a process at a site.

import { fromFileUrl } from "../../../scripts/paths.ts";
import type { LabNode } from "./nodes.ts";

const decoder = new TextDecoder();

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
  const { value } = await reader.read();
  await reader.cancel();
  return decoder.decode(value).trim();
}

/** Runs one of the programs to its end; what it said. Fails with what it complained of. */
export async function run(
  node: LabNode,
  program: Program,
  ...words: readonly (number | string)[]
): Promise<string> {
  const { success, stdout, stderr } = await start(node, program, ...words).output();
  if (!success) throw new Error(`${program}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trim();
}

/** Ends a program. */
export async function end(program: Deno.ChildProcess): Promise<void> {
  program.kill("SIGKILL");
  await program.stderr.cancel();
  await program.status;
}
