// Everything that can be checked: what CI demands, the engine's Rust tests where cargo is found, and
// the measurements that take too long for every change.
//
//   deno task full            all of it
//   deno task full STEP…      these steps of it, such as `mutants` or `bench:start`

import { emulationMissing } from "./support/arm64/emulation.ts";
import { MAY_LACK_NOTHING } from "./support/root_machine.ts";
import { sanitizersMissing } from "./sanitize.ts";

interface Step {
  readonly task: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Why it is left out here, or null. */
  skip(): Promise<string | null>;
  /** Whether it needs root and what Debian has: on a Debian machine of root's nothing excuses it. */
  readonly isRooted?: boolean;
}

async function has(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] })
    .output();
  return success;
}

/** Names the first program that is not there. */
async function lacking(programs: readonly string[]): Promise<string | null> {
  for (const program of programs) {
    if (!await has(program)) return `no ${program}`;
  }
  return null;
}

/** Why the engines cannot be built here as those checked in were. */
async function pinnedToolsMissing(): Promise<string | null> {
  return Deno.build.target === "x86_64-unknown-linux-gnu"
    ? await lacking(["rustup", "python3"])
    : "not Linux on x86-64";
}

const always = () => Promise.resolve(null);

/** A step that needs root, and these programs. */
function rooted(task: string, programs: readonly string[]): Step {
  const skip = () => Deno.uid() === 0 ? lacking(programs) : Promise.resolve("not root");
  return { task, skip, isRooted: true };
}

const LAB_PROGRAMS = ["ip", "nft", "conntrack"];

const STEPS: readonly Step[] = [
  { task: "check", skip: always },
  { task: "native", skip: () => lacking(["cargo"]) },
  { task: "fuzz", skip: () => lacking(["cargo"]) },
  { task: "sanitize", skip: sanitizersMissing },
  { task: "fuzz:decoders", skip: always },
  { task: "crashes", skip: always },
  { task: "sim", skip: always },
  { task: "engine:repeat", skip: pinnedToolsMissing },
  { task: "demo", skip: always },
  { task: "arm64", skip: emulationMissing },
  { task: "interop:go", skip: () => lacking(["go"]) },
  // All of the load instead of a tenth.
  { task: "test", env: { POLLEN_FULL: "1" }, skip: always },
  rooted("lab", LAB_PROGRAMS),
  rooted("lab:punching", LAB_PROGRAMS),
  { task: "mutants", skip: always },
  { task: "coverage", skip: always },
  { task: "bench:start", skip: always },
  { task: "bench:node", skip: always },
  { task: "bench:registry", skip: always },
  rooted("bench:agents", ["ip"]),
  rooted("bench:tunnel", ["ip", "ethtool", "iperf3", "wrk", "nginx"]),
  rooted("bench:link", ["ip", "ss", "iperf3", "cargo"]),
  { task: "bench:crowd", skip: always },
  { task: "bench:relay", skip: always },
  { task: "bench:strangers", skip: () => lacking(["cargo"]) },
  {
    task: "bench:floods",
    skip: () => Promise.resolve(Deno.build.os === "linux" ? null : "not Linux"),
  },
  { task: "bench:transport", skip: () => lacking(["iperf3", "ss"]) },
  { task: "bench:fair", skip: always },
  rooted("try:release", [
    ...["go", "debootstrap", "mmdebstrap", "buildah", "skopeo", "umoci", "openssl"],
    "systemd-analyze",
  ]),
];

const unknown = Deno.args.filter((name) => !STEPS.some(({ task }) => task === name));
if (unknown.length > 0) {
  console.error(
    `full: no step ${unknown.join(", ")}. There are: ${STEPS.map(({ task }) => task).join(", ")}.`,
  );
  Deno.exit(2);
}
const chosen = STEPS.filter(({ task }) => Deno.args.length === 0 || Deno.args.includes(task));

let isGood = true;
for (const { task, env, skip, isRooted = false } of chosen) {
  const reason = await skip();
  if (reason !== null) {
    const isExcused = !(isRooted && MAY_LACK_NOTHING);
    console.log(`\n== ${task}: ${isExcused ? "left out" : "FAILED"}, ${reason}`);
    isGood &&= isExcused;
    continue;
  }
  console.log(`\n== ${task}`);
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), { args: ["task", task], env: { ...env } })
    .spawn();
  const { success } = await child.status;
  console.log(
    `== ${task}: ${success ? "passed" : "FAILED"} in ${
      ((performance.now() - start) / 1000).toFixed(0)
    } s`,
  );
  isGood &&= success;
}
Deno.exit(isGood ? 0 : 1);
