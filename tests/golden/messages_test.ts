// Every message against bytes that are not ours: what we write is those bytes, and what
// we read of them is the message.

import { deepEqual, equal } from "node:assert/strict";
import { CODECS, golden, goldenEntries } from "./golden.ts";
import { ADMISSION_VALUES } from "./values/admission.ts";
import { CONTROL_VALUES } from "./values/control.ts";
import { FRAME_VALUES } from "./values/frames.ts";
import { MESH_VALUES } from "./values/mesh.ts";
import { SEALED_VALUES } from "./values/sealed.ts";
import { STATE_VALUES } from "./values/state.ts";

const VALUES: Readonly<Record<string, object>> = {
  ...ADMISSION_VALUES,
  ...STATE_VALUES,
  ...MESH_VALUES,
  ...FRAME_VALUES,
  ...SEALED_VALUES,
  ...CONTROL_VALUES,
};

/** An unknown field of each wire type: one from a later version of the protocol. */
const UNKNOWN = Uint8Array.fromHex("c03e01" + "c13e0102030405060708" + "c23e0161" + "c53e01020304");

const canonical = goldenEntries().filter(({ type, means }) => type !== "" && means === "");
const variants = goldenEntries().filter(({ means }) => means !== "");
const codecOf = (type: string) => CODECS.get(type)!;

for (const { name, type, bytes } of canonical) {
  Deno.test(`independent tools and we agree on ${name}`, () => {
    const value = VALUES[name]!;
    equal(codecOf(type).encode(value).toHex(), bytes.toHex());
    deepEqual(codecOf(type).decode(bytes), value);
    deepEqual(codecOf(type).decode(Uint8Array.from([...bytes, ...UNKNOWN])), value);
    deepEqual(codecOf(type).decode(Uint8Array.from([...UNKNOWN, ...bytes])), value);
  });
}

for (const { name, type, means, bytes } of variants) {
  Deno.test(`${name} means ${means}`, () => {
    equal(golden(means).type, type);
    deepEqual(codecOf(type).decode(bytes), VALUES[means]);
    equal(codecOf(type).encode(codecOf(type).decode(bytes)).toHex(), golden(means).bytes.toHex());
  });
}

Deno.test("no value is without golden bytes, and no message without a value", () => {
  deepEqual(Object.keys(VALUES).sort(), canonical.map(({ name }) => name).sort());
  const types = new Set(canonical.map(({ type }) => type));
  const missing = [...CODECS.keys()].filter((type) => !types.has(type));
  deepEqual(missing, [], "to be added to scripts/golden, then run `deno task golden`");
});

Deno.test("a message at its defaults is no bytes at all, and the other way round", () => {
  for (const codec of CODECS.values()) {
    equal(codec.encode(codec.create()).length, 0, codec.typeName);
    deepEqual(codec.decode(new Uint8Array()), codec.create(), codec.typeName);
  }
});
