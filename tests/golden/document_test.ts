// docs/pollen-1.md and docs/pollen-2.md name every message between nodes with its fields, as proto/
// has them, and the numbers that a third implementation would take from them.

import { deepEqual, ok } from "node:assert/strict";
import { SIGNATURE_CONTEXTS } from "../../lib/auth/signature.ts";
import {
  ALPN_INVITE_1,
  ALPN_INVITE_2,
  CloseReason,
  MEMBERSHIP_EXTENSION_OID,
} from "../../lib/mesh/protocol.ts";
import {
  ALPN_MEMBER_1,
  ALPN_MEMBER_2,
  Capability,
  FRAME_BYTES_MAX,
  StreamCode,
  StreamKind,
} from "../../lib/types/mod.ts";

const ROOT = new URL("../../", import.meta.url);
const documents = {
  v1: await Deno.readTextFile(new URL("docs/pollen-1.md", ROOT)),
  v2: await Deno.readTextFile(new URL("docs/pollen-2.md", ROOT)),
};
const rows = { v1: rowsOf(documents.v1), v2: rowsOf(documents.v2) };

/** The second cell of each row of the tables, by the first; the schemas come before other tables. */
function rowsOf(document: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of document.split("\n").filter((line) => line.startsWith("| "))) {
    const [, first, second] = line.split(/(?<!\\)\|/).map((cell) =>
      cell.trim().replace(/\\(.)/g, "$1")
    );
    if (!found.has(first!)) found.set(first!, second!);
  }
  return found;
}

/** A message's fields as the document writes them, by number. */
function fieldsOf(body: string, version: keyof typeof documents): string {
  const isInOneof = (at: number) => {
    const before = body.slice(0, at);
    return before.includes("oneof") && !before.slice(before.indexOf("oneof")).includes("}");
  };
  const fields = [...body.matchAll(/^ *(repeated )?(map<.*?>|[\w.]+) (\w+) = (\d+);/gm)];
  return fields.map(({ index, 1: repeated, 2: type, 3: name, 4: number }) => {
    const mark = repeated !== undefined ? "*" : isInOneof(index) ? "|" : "";
    const text = `${number} ${name} ${mark}${shortName(type!, version)}`;
    return { number: Number(number), text };
  }).sort((a, b) => a.number - b.number).map(({ text }) => text).join(", ") || "none";
}

/** A message of the other version keeps that before its name. */
function shortName(type: string, version: keyof typeof documents): string {
  const [, of, name] = /^pollen\.\w+\.(v\d)\.(\w+)$/.exec(type) ?? [type, version, type];
  return of === version ? name! : `${of}.${name}`;
}

for (const name of ["admission/v1", "mesh/v1", "state/v1", "mesh/v2", "state/v2"]) {
  Deno.test(`the document has every message of ${name}, and its fields`, async () => {
    const [room, version] = name.split("/") as [string, keyof typeof documents];
    const path = `proto/pollen/${name}/${room}.proto`;
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const messages = [...source.matchAll(/^message (\w+) \{(?:\}|([^]*?)^\})/gm)];
    ok(messages.length > 4, "messages were found");
    for (const [, name = "", body = ""] of messages) {
      deepEqual(rows[version].get(name), fieldsOf(body, version), name);
    }
  });
}

Deno.test("the documents have the names and numbers that both ends must agree on", () => {
  const both = documents.v1 + documents.v2;
  const texts = [
    ...[ALPN_MEMBER_1, ALPN_INVITE_1, ALPN_MEMBER_2, ALPN_INVITE_2].map((alpn) => `\`${alpn}\``),
    MEMBERSHIP_EXTENSION_OID,
    ...Object.values(SIGNATURE_CONTEXTS),
    ...Object.values(CloseReason).map((reason) => `\`${reason}`),
  ];
  for (const text of texts) ok(both.includes(text), text);
  const codes = Object.values(StreamCode).map(String);
  deepEqual([...rows.v1.keys()].filter((cell) => /^\d$/.test(cell)), codes);
  deepEqual(rows.v2.get(String(StreamKind.tunnel)), "tunnel");
  deepEqual(rows.v2.get(String(StreamKind.control)), "control");
  deepEqual(rows.v2.get(String(StreamKind.redemption)), "redemption");
  ok(Object.values(Capability).every((name) => rows.v2.has(`\`${name}\``)), "capabilities");
  ok(documents.v2.includes(`at most ${FRAME_BYTES_MAX.toLocaleString("en")}`), "a frame's length");
});
