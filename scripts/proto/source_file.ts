// One generated file in the making: its lines, and the imports that they turn out to need.

/** One output file in the making. */
export class SourceFile {
  readonly lines: string[] = [];
  readonly foreign = new Map<string, Set<string>>();

  constructor(readonly path: string) {}

  text(source: string): string {
    const used = WIRE_NAMES.filter((name) => this.lines.some((line) => wordIn(line, name)));
    const foreign = [...this.foreign].sort().map(([path, names]) =>
      `import { ${[...names].sort().join(", ")} } from "./${path}";`
    );
    return [
      `// Generated from proto/${source} by scripts/generate_proto.ts. Do not edit.`,
      "// deno-lint-ignore-file",
      "",
      `import { ${
        [
          ...used,
          "type Budget",
          "type Codec",
          "type Method",
          "type Reader",
          "type StreamMethod",
          "type Writer",
        ].filter((
          name,
        ) => this.lines.some((line) => wordIn(line, name.replace("type ", "")))).sort().join(", ")
      } } from "../wire.ts";`,
      ...foreign,
      "",
      ...this.lines,
    ].join("\n").replace(/\n{3,}/g, "\n\n").trimEnd() + "\n";
  }
}

function wordIn(line: string, word: string): boolean {
  return new RegExp(`\\b${word}\\b`).test(line);
}

const WIRE_NAMES = [
  "codec",
  "finish",
  "readBytes",
  "readInt64",
  "readString",
  "readUint64",
  "skip",
  "spend",
  "subEnd",
  "writeUint64",
];

/** The name of the file that is generated from `pollen/ROOM/VERSION/ROOM.proto`, or from a foreign schema. */
export function outputName(protoPath: string): string {
  const folders = protoPath.replace(/^pollen\//, "").split("/").slice(0, -1);
  return `${folders.join("_")}.ts`;
}
