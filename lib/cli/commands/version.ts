// `pollen version`: what is running here.

import { VERSION } from "../../types/mod.ts";
import { loadApp } from "../app.ts";
import type { Outcome, Run } from "../command.ts";
import { type ProgramKind, thisProgram } from "../program.ts";

/** What a program consists of. */
export interface VersionFacts {
  readonly kind: ProgramKind;
  /** Its version of Deno. */
  readonly deno: string;
  readonly os: string;
  readonly arch: string;
}

/** Which native library: the version of its interface, and the hash of its sources if it is ours. */
export interface EngineFacts {
  readonly abi: number;
  readonly sources: string | null;
}

/** Prints the version, and what it runs on unless `--short`. */
export const version: Run = async ({ args, isJson }) => {
  const { kind } = thisProgram();
  const { os, arch } = Deno.build;
  const facts = { kind, deno: Deno.version.deno, os, arch };
  // Only programs ask for the engine: what a person types answers at once.
  const engine = isJson ? (await loadApp()).engineVersion() : null;
  return describeVersion(facts, engine, args.has("short"));
};

/** The words for it. A portable file has them written into it when it is built. */
export function describeVersion(
  facts: VersionFacts,
  engine: EngineFacts | null,
  isShort: boolean,
): Outcome {
  const { deno, os, arch } = facts;
  return {
    text: isShort ? VERSION : `pollen ${VERSION} (Deno ${deno}, ${os} ${arch})`,
    json: { version: VERSION, ...facts, quic: engine },
  };
}
