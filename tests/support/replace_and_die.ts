// A process that puts a release's program in the place of another one, and is killed on the way:
// `release key program count`.

import { openSource, readRelease, replaceProgram } from "../../lib/upgrade/mod.ts";
import { killAtCall } from "./kill_at.ts";

const [folder, key, program, count] = Deno.args as [string, string, string, string];
const { signal } = new AbortController();
killAtCall(Number(count));
const release = await readRelease(openSource(folder), key, "linux-x64", signal);
await replaceProgram(release, program, signal);
