// THIRD_PARTY.md: who else's work is in Pollen, under which licence, and the texts. Each text stands
// there once, with the packages that it is of.

import type { PackageName } from "./locked.ts";

/** A package that Pollen passes on. */
export interface Package {
  readonly name: PackageName;
  /** As the package states it, an SPDX expression if it can. */
  readonly licence: string;
  readonly texts: readonly string[];
}

/** One part of the document. */
export interface Section {
  readonly title: string;
  readonly about: string;
  readonly packages: readonly Package[];
}

/** The document. `others` are locked, but not passed on. */
export function renderDocument(
  sections: readonly Section[],
  others: readonly PackageName[],
): string {
  const texts = new Map<string, { text: string; names: PackageName[] }>();
  for (const { name, texts: own } of sections.flatMap(({ packages }) => packages)) {
    for (const text of own) {
      const key = text.replace(/\s+/g, " ").trim();
      const entry = texts.get(key) ?? { text: tidy(text), names: [] };
      if (!entry.names.includes(name)) entry.names.push(name);
      texts.set(key, entry);
    }
  }
  return [
    "# Third-party software",
    "",
    "What Pollen passes on of others' work, and under which licence. Made by `deno task licences`;",
    "`deno task check` fails when a lock file names a package that is missing here.",
    ...sections.flatMap(renderSection),
    "",
    "## Locked, but not passed on",
    "",
    "For tests, for builds, or for platforms that no engine is built for.",
    "",
    ...others.map((name) => `- \`${name}\``),
    "",
    "## Texts",
    ...[...texts.values()].flatMap(renderText),
    "",
  ].join("\n");
}

/** The packages that a document names, whether passed on or not. */
export function namedPackages(document: string): PackageName[] {
  const entry = /^(?:- |\| )`((?:cargo|npm|rust|zig):[^`]+)`/gm;
  return [...document.matchAll(entry)].map(([, name]) => name as PackageName);
}

function renderSection({ title, about, packages }: Section): string[] {
  const rows = packages.map(({ name, licence }) => `| \`${name}\` | ${licence} |`);
  return ["", `## ${title}`, "", about, "", "| package | licence |", "| --- | --- |", ...rows];
}

function renderText({ text, names }: { text: string; names: readonly PackageName[] }): string[] {
  return ["", `### ${names.map((name) => `\`${name}\``).join(", ")}`, "", "````text", text, "````"];
}

/** The text without what only its layout in a file needs. */
function tidy(text: string): string {
  return text.replaceAll("\r", "").replace(/[ \t\f]+$/gm, "").replace(/^\n+|\n+$/g, "")
    .replace(/\n{3,}/g, "\n\n");
}
