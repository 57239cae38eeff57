// The house rules of lib/ as a test: which room may import which, who may load a foreign library,
// and which files must stay pure. Every ban says why it exists.
//
//   deno run -A scripts/check_layers.ts      exits 1 with a line per violation
//
// Type-only imports count: a type is knowledge too.

import { dirname, fromFileUrl, join } from "./paths.ts";

/** Which rooms each room may import. A room that is not named here does not exist. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  types: [],
  proto: ["types"],
  host: ["types"],
  config: ["types", "proto"],
  auth: ["types", "config", "proto"],
  store: ["types", "proto"],
  peer: ["types"],
  quic: ["types"],
  sock: ["types"],
  mesh: ["types", "auth", "proto", "sock"],
  tunnel: ["types"],
  portmap: ["types"],
  node: ["types", "config", "auth", "store", "peer", "mesh", "tunnel", "proto"],
  rpc: ["types", "proto"],
  server: ["types", "proto", "rpc"],
  dashboard: [],
  registry: ["types", "proto", "rpc", "dashboard"],
  agent: ["types", "proto", "rpc"],
  app: [
    "types",
    "proto",
    "host",
    "config",
    "auth",
    "store",
    "peer",
    "quic",
    "sock",
    "mesh",
    "tunnel",
    "portmap",
    "node",
    "rpc",
    "server",
    "registry",
    "agent",
  ],
  upgrade: ["types"],
  cli: ["types", "proto", "host", "config", "auth", "server", "upgrade"],
};

/** Rooms that may be loaded by a dynamic `import()` beside those above. */
export const LAZY: Readonly<
  Record<string, { readonly rooms: readonly string[]; readonly why: string }>
> = {
  cli: { rooms: ["app"], why: "`pollen status` must not pay for loading the daemon" },
};

/** Doors of a room beside its mod.ts. */
const SIDE_DOORS: readonly { readonly file: string; readonly why: string }[] = [
  { file: "lib/proto/control.ts", why: "`pollen status` must not pay for loading all messages" },
];

/** Foreign modules that only some rooms may load. */
export const FOREIGN: readonly {
  readonly module: RegExp;
  readonly rooms: readonly string[];
  readonly why: string;
}[] = [
  {
    module: /^protobufjs/,
    rooms: ["proto"],
    why: "64-bit numbers leave proto as bigint or not at all",
  },
  {
    module: /^(@grpc\/grpc-js|node:http2)/,
    rooms: ["rpc"],
    why: "without the HTTP/2 shim, which only rpc applies, it can abort the process",
  },
  {
    module: /^@noble\/curves/,
    rooms: ["auth"],
    why: "signatures are made and verified in one place",
  },
  {
    module: /^@peculiar\//,
    rooms: ["mesh"],
    why: "it is slow to load, and only sessions need X.509",
  },
  { module: /^sax$/, rooms: ["portmap"], why: "XML is read from routers alone" },
  { module: /^yaml/, rooms: ["config", "store"], why: "only these rooms own YAML files" },
  { module: /^gunshi/, rooms: ["cli"], why: "only the command line parses arguments" },
  {
    module: /^(hono|@hono\/|zod|kysely|pg$|prom-client|node:sqlite)/,
    rooms: ["registry"],
    why: "only a registry has a database and an HTTP door",
  },
  {
    module: /^(preact|uplot)/,
    rooms: ["dashboard"],
    why: "only the page draws, and its code is built apart",
  },
  { module: /^@logtape\//, rooms: ["app"], why: "rooms log through the Log port" },
];

/** Words that some files must not contain. */
export const BANNED: readonly {
  readonly word: RegExp;
  readonly files: RegExp;
  readonly except?: RegExp;
  readonly why: string;
}[] = [
  {
    word:
      /\bDeno\.|\bnode:|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\bset(Timeout|Interval)\b|\bcrypto\./,
    files:
      /^lib\/(peer\/|store\/core|node\/(agent_sync|connecting|core|exchange|nat_kind|observations|punch_talk|punching|summary_pauses|sync|wanted_forwards|whereabouts)|mesh\/path_choice|portmap\/machine|registry\/core\/|types\/)/,
    why: "decisions are pure: time, chance and the machine come in as arguments",
  },
  {
    word: /\bDeno\.dlopen\b/,
    files: /^lib\//,
    except: /^lib\/quic\//,
    why: "only quic loads native code",
  },
  {
    word: /\bconsole\./,
    files: /^lib\//,
    why: "people read what cli prints and what the log says",
  },
  {
    word: /from "(\.\.\/)+(tests|scripts)\//,
    files: /^lib\//,
    why: "the product never needs its tests",
  },
  {
    word: /\bDeno\.exit\b/,
    files: /^lib\//,
    why: "only main.ts ends the process, after everything is closed",
  },
];

/** One broken rule, as a sentence. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const IMPORT =
  /(?:^|[;\s])(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']|(?:^|[;\s])import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

/** The violations in one file. `file` is its path below the repository, with `/`. */
export function checkFile(file: string, source: string): Violation[] {
  const violations: Violation[] = [];
  const code = withoutComments(source);
  const report = (index: number, text: string) => {
    violations.push({ file, line: code.slice(0, index).split("\n").length, text });
  };
  for (const match of code.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const problem = checkImport(file, specifier, match[3] !== undefined);
    if (problem !== null) report(match.index + 1, problem);
  }
  for (const { word, files, except, why } of BANNED) {
    if (!files.test(file) || except?.test(file)) continue;
    const match = word.exec(code);
    if (match !== null) report(match.index, `"${match[0]}" is banned here: ${why}.`);
  }
  return violations;
}

function checkImport(file: string, specifier: string, isDynamic: boolean): string | null {
  const room = /^lib\/([^/]+)\//.exec(file)?.[1];
  if (room === undefined) return null;
  const allowed = ROOMS[room];
  if (allowed === undefined) {
    return `The room "${room}" is not in the table of scripts/check_layers.ts.`;
  }

  const foreign = FOREIGN.find(({ module }) => module.test(specifier.replace(/^npm:\/?/, "")));
  if (foreign !== undefined) {
    return foreign.rooms.includes(room)
      ? null
      : `"${specifier}" belongs to ${foreign.rooms.join(", ")}: ${foreign.why}.`;
  }
  if (!specifier.startsWith(".")) return null;

  const target = resolvePath(file, specifier);
  const targetRoom = /^lib\/([^/]+)\//.exec(target)?.[1];
  if (targetRoom === room) return null;
  if (targetRoom === undefined) {
    return target.startsWith("lib/") ? null : `"${specifier}" leaves lib/.`;
  }
  const lazy = LAZY[room];
  const isLazy = lazy?.rooms.includes(targetRoom) ?? false;
  if (isLazy && !isDynamic) return `${targetRoom} only by dynamic import: ${lazy!.why}.`;
  if (!isLazy && !allowed.includes(targetRoom)) {
    return `${room} may not import ${targetRoom}; it may import ${
      allowed.join(", ") || "nothing"
    }.`;
  }
  return target === `lib/${targetRoom}/mod.ts` || SIDE_DOORS.some(({ file }) => file === target)
    ? null
    : `Enter ${targetRoom} through its mod.ts, not through "${specifier}".`;
}

/** Blanks comments, keeping every line where it was. Strings that look like comments lose them too, which no import does. */
function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|[^:"'`\\])\/\/[^\n]*/g, "$1");
}

function resolvePath(file: string, specifier: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function* sourceFiles(directory: string, prefix: string): IterableIterator<string> {
  for (const entry of [...Deno.readDirSync(directory)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const name = `${prefix}/${entry.name}`;
    if (entry.isDirectory && !["target", "prebuilt", "gen"].includes(entry.name)) {
      yield* sourceFiles(join(directory, entry.name), name);
    } else if (entry.isFile && /\.tsx?$/.test(entry.name)) {
      yield name;
    }
  }
}

if (import.meta.main) {
  const root = dirname(dirname(fromFileUrl(import.meta.url)));
  let count = 0;
  const violations: Violation[] = [];
  for (const file of sourceFiles(join(root, "lib"), "lib")) {
    count++;
    violations.push(...checkFile(file, await Deno.readTextFile(join(root, file))));
  }
  for (const { file, line, text } of violations) console.error(`${file}:${line}: ${text}`);
  if (violations.length > 0) Deno.exit(1);
  console.log(`layers: ${count} files in order`);
}
