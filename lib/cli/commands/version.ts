// `pollen version`: what is running here.

import type { Run } from "../command.ts";
import { VERSION } from "../version.ts";

/** Prints the version, and what it runs on unless `--short`. */
export const version: Run = (context) => {
  const { os, arch } = Deno.build;
  const deno = Deno.version.deno;
  const text = context.args.has("short")
    ? VERSION
    : `pollen ${VERSION} (Deno ${deno}, ${os} ${arch})`;
  return Promise.resolve({ text, json: { version: VERSION, deno, os, arch } });
};
