// The yardstick of the wire: bytes that independent tools wrote (scripts/golden), as the tests of
// this folder and others read them. The form of the files is described in scripts/golden/write.py.

import { fromFileUrl } from "../../scripts/paths.ts";
import * as proto from "../../lib/proto/mod.ts";

/** One entry of a golden file. */
export interface Golden {
  readonly name: string;
  /** The full name of the message; "" for what is none. */
  readonly type: string;
  /** The entry whose message these other bytes mean; "" for canonical bytes. */
  readonly means: string;
  /** For what is written in letters; "" otherwise. */
  readonly text: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const FILES = [
  "keys",
  "admission",
  "state",
  "mesh",
  "state2",
  "mesh2",
  "sealed",
  "control",
  "certificates",
  "streams",
] as const;

const all = new Map<string, Golden>();
for (const file of FILES) {
  const path = fromFileUrl(new URL(`./data/${file}.golden`, import.meta.url));
  for (const entry of parse(Deno.readTextFileSync(path))) {
    if (all.has(entry.name)) throw new Error(`two golden entries are called "${entry.name}"`);
    all.set(entry.name, entry);
  }
}

/** Every entry of every file. */
export function goldenEntries(): Golden[] {
  return [...all.values()];
}

/** The entry of this name. */
export function golden(name: string): Golden {
  const entry = all.get(name);
  if (entry === undefined) throw new Error(`there is no golden entry "${name}"`);
  return entry;
}

/** The bytes of the entry of this name. */
export function goldenBytes(name: string): Uint8Array<ArrayBuffer> {
  return golden(name).bytes;
}

/** The codecs of all messages of proto/, by full name. */
export const CODECS: ReadonlyMap<string, proto.Codec<object>> = new Map(
  Object.values(proto).filter(isCodec).map((codec) => [codec.typeName, codec]),
);

/** Whether an export of proto/ is the codec of a message. */
export function isCodec(value: unknown): value is proto.Codec<object> {
  return typeof value === "object" && value !== null && "typeName" in value && "decode" in value;
}

function parse(text: string): Golden[] {
  return text.split(/^== /m).slice(1).map((section) => {
    const [name, ...lines] = section.trimEnd().split("\n");
    const note = (word: string) =>
      lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? "";
    const isNote = (line: string) => /^(type|means|text) /.test(line);
    const hex = lines.filter((line) => !isNote(line))
      .map((line) => line.replace(/#.*/, "").replaceAll(" ", "")).join("");
    return {
      name: name!,
      type: note("type"),
      means: note("means"),
      text: note("text"),
      bytes: Uint8Array.fromHex(hex),
    };
  });
}
