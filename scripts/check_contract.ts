// docs/contract.md against the code: every export it names is one of mod.ts, every test is there,
// every patch applies to the code as it is and breaks one line of it, and no patch is without its row.
//
//   deno run -A scripts/check_contract.ts      exits 1 with a line per defect

import { join } from "./paths.ts";
import {
  breaksOneLine,
  PATCHES,
  type Proof,
  readContract,
  ROOT,
  type Row,
} from "./support/contract.ts";

/** What one export may have: methods, properties, members of a type. */
interface Documented {
  readonly name: string;
  readonly declarations: readonly {
    readonly def?: Readonly<Record<string, unknown>>;
  }[];
}

/** `Name` and `Name.member` of everything that mod.ts exports, by `deno doc`. */
async function exportedNames(): Promise<Set<string>> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "mod.ts"],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`deno doc failed: ${new TextDecoder().decode(stderr)}`);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const names = new Set<string>();
  for (const { symbols } of Object.values<{ symbols: readonly Documented[] }>(nodes)) {
    for (const { name, declarations } of symbols) {
      names.add(name);
      for (const { def = {} } of declarations) {
        for (const member of membersOf(def)) names.add(`${name}.${member}`);
      }
    }
  }
  return names;
}

/** The names in a definition, however deep a type nests them. */
function membersOf(definition: unknown): string[] {
  if (Array.isArray(definition)) return definition.flatMap(membersOf);
  if (typeof definition !== "object" || definition === null) return [];
  return Object.entries(definition).flatMap(([key, value]) => {
    if (key === "methods" || key === "properties") {
      return (value as readonly { readonly name: string }[]).map(({ name }) => name);
    }
    return key === "tsType" || key === "value" || key === "typeLiteral" || key === "union"
      ? membersOf(value)
      : [];
  });
}

/** Whether a test of this name stands in the file, written out or made by a template. */
function namesTest(source: string, title: string): boolean {
  const written = new RegExp(`(?:Deno\\.test|browserTest)\\(\\s*"${RegExp.escape(title)}"`);
  if (written.test(source)) return true;
  const templates = source.matchAll(/Deno\.test\(`([^`]+)`/g);
  return [...templates].some(([, template]) => {
    const parts = template!.split(/\$\{[^}]+\}/).map((part) => RegExp.escape(part));
    return new RegExp(`^${parts.join(".+")}$`).test(title);
  });
}

async function defectsOfProof({ file, title, patch }: Proof): Promise<string[]> {
  const defects: string[] = [];
  const source = await Deno.readTextFile(join(ROOT, file)).catch(() => null);
  if (source === null) defects.push(`there is no ${file}`);
  else if (!namesTest(source, title)) defects.push(`${file} has no test "${title}"`);
  const { success, stderr } = await new Deno.Command("git", {
    args: ["apply", "--check", patch],
    cwd: ROOT,
  }).output();
  const text = await Deno.readTextFile(join(ROOT, patch)).catch(() => "");
  if (!breaksOneLine(text)) defects.push(`${patch} breaks more than one line`);
  if (!success) defects.push(new TextDecoder().decode(stderr).trim().replaceAll("\n", "; "));
  return defects;
}

async function defectsOf(row: Row, exported: ReadonlySet<string>): Promise<string[]> {
  const missing = row.exports.filter((name) => !exported.has(name))
    .map((name) => `mod.ts exports no ${name}`);
  return [...missing, ...(row.proof === null ? [] : await defectsOfProof(row.proof))];
}

const rows = await readContract();
const exported = await exportedNames();
const defects: string[] = [];
const seen = new Set<string>();
for (const row of rows) {
  if (seen.has(row.id)) defects.push(`${row.id}: there are two rows of this name`);
  seen.add(row.id);
  for (const defect of await defectsOf(row, exported)) defects.push(`${row.id}: ${defect}`);
}
const patches = new Set(rows.flatMap(({ proof }) => proof === null ? [] : [proof.patch]));
for await (const { name } of Deno.readDir(join(ROOT, PATCHES))) {
  if (!patches.has(`${PATCHES}/${name}`)) defects.push(`${PATCHES}/${name} belongs to no row`);
}
for (const defect of defects) console.error(`docs/contract.md, ${defect}`);
const proved = rows.filter(({ proof }) => proof !== null).length;
console.log(`contract: ${proved} rows with a proof, ${rows.length - proved} planned`);
if (defects.length > 0) Deno.exit(1);
