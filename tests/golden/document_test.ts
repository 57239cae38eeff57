// docs/pollen-1.md names every message between nodes with its fields, as proto/ has them, and the
// numbers that a third implementation would take from it.

import { deepEqual, ok } from "node:assert/strict";
import { SIGNATURE_CONTEXTS } from "../../lib/auth/signature.ts";
import {
  ALPN_INVITE,
  ALPN_MEMBER,
  CloseReason,
  MEMBERSHIP_EXTENSION_OID,
} from "../../lib/mesh/protocol.ts";
import { StreamCode } from "../../lib/types/mod.ts";

const ROOT = new URL("../../", import.meta.url);
const document = await Deno.readTextFile(new URL("docs/pollen-1.md", ROOT));

/** The second cell of each row of the tables, by the first; the schemas come before other tables. */
const rows = new Map<string, string>();
for (const line of document.split("\n").filter((line) => line.startsWith("| "))) {
  const [, first, second] = line.split(/(?<!\\)\|/).map((cell) =>
    cell.trim().replace(/\\(.)/g, "$1")
  );
  if (!rows.has(first!)) rows.set(first!, second!);
}

/** A message's fields as the document writes them, by number. */
function fieldsOf(body: string): string {
  const isInOneof = (at: number) => {
    const before = body.slice(0, at);
    return before.includes("oneof") && !before.slice(before.indexOf("oneof")).includes("}");
  };
  const fields = [...body.matchAll(/^ *(repeated )?(map<.*?>|[\w.]+) (\w+) = (\d+);/gm)];
  return fields.map(({ index, 1: repeated, 2: type, 3: name, 4: number }) => {
    const mark = repeated !== undefined ? "*" : isInOneof(index) ? "|" : "";
    const text = `${number} ${name} ${mark}${type!.replace(/^pollen\.\w+\.v1\./, "")}`;
    return { number: Number(number), text };
  }).sort((a, b) => a.number - b.number).map(({ text }) => text).join(", ") || "none";
}

for (const room of ["admission", "mesh", "state"]) {
  Deno.test(`the document has every message of ${room}, and its fields`, async () => {
    const path = `proto/pollen/${room}/v1/${room}.proto`;
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const messages = [...source.matchAll(/^message (\w+) \{(?:\}|([^]*?)^\})/gm)];
    ok(messages.length > 7, "messages were found");
    for (const [, name = "", body = ""] of messages) {
      deepEqual(rows.get(name), fieldsOf(body), name);
    }
  });
}

Deno.test("the document has the names and numbers that both ends must agree on", () => {
  const texts = [
    ALPN_MEMBER,
    ALPN_INVITE,
    MEMBERSHIP_EXTENSION_OID,
    ...Object.values(SIGNATURE_CONTEXTS),
    ...Object.values(CloseReason).map((reason) => `\`${reason}`),
  ];
  for (const text of texts) ok(document.includes(text), text);
  const codes = Object.values(StreamCode).map(String);
  deepEqual([...rows.keys()].filter((cell) => /^\d$/.test(cell)), codes);
});
