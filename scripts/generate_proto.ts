// Generates lib/proto/gen from proto/: one TypeScript file per .proto, with an interface and a
// codec per message. protobufjs parses the schema; the output stands on lib/proto/wire.ts.
//
//   deno task proto            writes the files
//   … --check                  fails when a file is not what would be written
//
// Only what our schemas use is supported; anything else is refused by name.

import protobuf from "protobufjs";
import { dirname, fromFileUrl, join } from "./paths.ts";

const root = dirname(dirname(fromFileUrl(import.meta.url)));
const protoDirectory = join(root, "proto");
const outputDirectory = join(root, "lib", "proto", "gen");

/** How a scalar is typed, defaulted, tested for its default, read and written. */
interface Scalar {
  readonly type: string;
  readonly zero: string;
  readonly wireType: 0 | 2;
  isSet(value: string): string;
  readonly read: string;
  write(value: string): string;
}

const SCALARS: Readonly<Record<string, Scalar>> = {
  string: {
    type: "string",
    zero: '""',
    wireType: 2,
    isSet: (value) => `${value} !== ""`,
    read: "readString(reader)",
    write: (value) => `writer.string(${value})`,
  },
  bytes: {
    type: "Uint8Array",
    zero: "new Uint8Array(0)",
    wireType: 2,
    isSet: (value) => `${value}.length > 0`,
    read: "readBytes(reader)",
    write: (value) => `writer.bytes(${value})`,
  },
  bool: {
    type: "boolean",
    zero: "false",
    wireType: 0,
    isSet: (value) => value,
    read: "readUint64(reader) !== 0n",
    write: (value) => `writer.bool(${value})`,
  },
  uint32: number32("uint32"),
  int32: number32("int32"),
  uint64: number64("readUint64"),
  int64: number64("readInt64"),
};

function number32(method: string): Scalar {
  return {
    type: "number",
    zero: "0",
    wireType: 0,
    isSet: (value) => `${value} !== 0`,
    read: `reader.${method}()`,
    write: (value) => `writer.${method}(${value})`,
  };
}

function number64(read: string): Scalar {
  return {
    type: "bigint",
    zero: "0n",
    wireType: 0,
    isSet: (value) => `${value} !== 0n`,
    read: `${read}(reader)`,
    write: (value) => `writeUint64(writer, ${value})`,
  };
}

type Shape =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "message"; readonly name: string };

/** One output file in the making. */
class SourceFile {
  readonly lines: string[] = [];
  readonly wire = new Set<string>(["codec"]);
  readonly foreign = new Map<string, Set<string>>();

  constructor(readonly path: string) {}

  text(source: string): string {
    const used = [...this.wire].filter((name) => this.lines.some((line) => wordIn(line, name)));
    const foreign = [...this.foreign].sort().map(([path, names]) =>
      `import { ${[...names].sort().join(", ")} } from "./${path}";`
    );
    return [
      `// Generated from proto/${source} by scripts/generate_proto.ts. Do not edit.`,
      "// deno-lint-ignore-file",
      "",
      `import { ${
        [...used, "type Budget", "type Codec", "type Method", "type Reader", "type Writer"].filter((
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

function outputName(protoPath: string): string {
  const [, room, version] = protoPath.split("/");
  return `${room}_${version}.ts`;
}

class Generator {
  readonly files = new Map<string, string>();
  readonly #fileOf = new Map<string, string>();

  constructor(readonly schema: protobuf.Root, readonly paths: readonly string[]) {}

  run(): ReadonlyMap<string, string> {
    for (const type of this.#types(this.schema)) {
      this.#fileOf.set(type.fullName, this.#relative(type));
    }
    for (const path of this.paths) {
      const file = new SourceFile(path);
      for (const name of WIRE_NAMES) file.wire.add(name);
      const objects = [...this.#objects(this.schema)].filter((object) =>
        this.#relative(object) === path
      );
      // A service refers to the codecs of its messages, so it comes after them.
      const isService = (object: unknown) => object instanceof protobuf.Service ? 1 : 0;
      for (const object of objects.sort((a, b) => isService(a) - isService(b))) {
        if (object instanceof protobuf.Enum) this.#enum(file, object);
        else if (object instanceof protobuf.Type) this.#message(file, object);
        else this.#service(file, object);
      }
      this.files.set(outputName(path), file.text(path));
    }
    return this.files;
  }

  #relative(object: protobuf.ReflectionObject): string {
    return (object.filename ?? "").slice(protoDirectory.length + 1);
  }

  *#objects(
    namespace: protobuf.NamespaceBase,
  ): IterableIterator<protobuf.Type | protobuf.Enum | protobuf.Service> {
    for (const child of namespace.nestedArray) {
      if (
        child instanceof protobuf.Type || child instanceof protobuf.Enum ||
        child instanceof protobuf.Service
      ) yield child;
      else if (child instanceof protobuf.Namespace) yield* this.#objects(child);
    }
  }

  *#types(namespace: protobuf.NamespaceBase): IterableIterator<protobuf.Type> {
    for (const object of this.#objects(namespace)) {
      if (object instanceof protobuf.Type) yield object;
    }
  }

  #shape(file: SourceFile, field: protobuf.Field): Shape {
    field.resolve();
    const target = field.resolvedType;
    if (target instanceof protobuf.Enum) {
      return { kind: "scalar", scalar: { ...number32("int32"), type: target.name } };
    }
    if (target instanceof protobuf.Type) return { kind: "message", name: this.#use(file, target) };
    const scalar = SCALARS[field.type];
    if (scalar === undefined) throw new Error(`${field.fullName}: ${field.type} is not supported`);
    return { kind: "scalar", scalar };
  }

  /** The local name of a message, importing it when it stands in another file. */
  #use(file: SourceFile, type: protobuf.Type): string {
    const home = this.#fileOf.get(type.fullName)!;
    if (home !== file.path) {
      const names = file.foreign.get(outputName(home)) ?? new Set();
      names.add(`type ${type.name}`).add(`read${type.name}`).add(`write${type.name}`);
      file.foreign.set(outputName(home), names);
    }
    return type.name;
  }

  #enum(file: SourceFile, declaration: protobuf.Enum): void {
    const prefix = declaration.name.replace(/(?<!^)([A-Z])/g, "_$1").toUpperCase() + "_";
    file.lines.push(`export const ${declaration.name} = {`);
    for (const [name, value] of Object.entries(declaration.values)) {
      file.lines.push(`  ${name.startsWith(prefix) ? name.slice(prefix.length) : name}: ${value},`);
    }
    file.lines.push("} as const;");
    file.lines.push(
      `/** One of the constants above, or a number that this version does not know. */`,
    );
    file.lines.push(`export type ${declaration.name} = number;`, "");
  }

  #message(file: SourceFile, type: protobuf.Type): void {
    const oneofs = type.oneofsArray.filter((oneof) => !oneof.isProto3Optional);
    const inOneof = new Set(oneofs.flatMap((oneof) => oneof.fieldsArray));
    const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id);
    const plain = fields.filter((field) => !inOneof.has(field));
    const { name } = type;

    file.lines.push(`export interface ${name} {`);
    for (const field of plain) file.lines.push(`  ${this.#member(file, field)};`);
    for (const oneof of oneofs) {
      file.lines.push(`  readonly ${oneof.name}?:`);
      for (const field of oneof.fieldsArray) {
        const shape = this.#shape(file, field);
        const value = shape.kind === "message" ? shape.name : shape.scalar.type;
        file.lines.push(`    | { readonly kind: "${field.name}"; readonly value: ${value} }`);
      }
      file.lines.push("    | undefined;");
    }
    file.lines.push("}", "");

    const required = plain.filter((field) => !isOptional(field));
    const defaults = required.map((field) => `${field.name}: ${this.#zero(file, field)}`).join(
      ", ",
    );
    file.lines.push(
      `export function write${name}(writer: Writer, message: ${name}): void {`,
      ...fields.flatMap((field) => this.#write(file, field, inOneof.has(field))),
      "}",
      "",
      `export function read${name}(reader: Reader, end: number, budget: Budget): ${name} {`,
      `  const message: { -readonly [K in keyof ${name}]: ${name}[K] } = { ${defaults} };`,
      ...fields.filter(isList).map((field) =>
        `  const ${field.name}: ${this.#listType(file, field)} = ${
          field instanceof protobuf.MapField ? "new Map()" : "[]"
        };\n  message.${field.name} = ${field.name};`
      ),
      "  while (reader.pos < end) {",
      "    const tag = reader.uint32();",
      "    switch (tag) {",
      ...fields.flatMap((field) => this.#read(file, field, inOneof.has(field))),
      "      default:",
      "        skip(reader, tag);",
      "    }",
      "  }",
      "  finish(reader, end);",
      "  return message;",
      "}",
      "",
      `export const ${name}: Codec<${name}> = codec(`,
      `  "${type.fullName.slice(1)}",`,
      `  () => ({ ${defaults} }),`,
      `  write${name},`,
      `  read${name},`,
      ");",
      "",
    );
  }

  #member(file: SourceFile, field: protobuf.Field): string {
    if (isList(field)) {
      const type = this.#listType(file, field);
      return `readonly ${field.name}: ${
        type.startsWith("Map") ? `Readonly${type}` : `readonly ${type}`
      }`;
    }
    const shape = this.#shape(file, field);
    const type = shape.kind === "message" ? shape.name : shape.scalar.type;
    return isOptional(field)
      ? `readonly ${field.name}?: ${type} | undefined`
      : `readonly ${field.name}: ${type}`;
  }

  #listType(file: SourceFile, field: protobuf.Field): string {
    const shape = this.#shape(file, field);
    const type = shape.kind === "message" ? shape.name : shape.scalar.type;
    return field instanceof protobuf.MapField ? `Map<string, ${type}>` : `${type}[]`;
  }

  #zero(file: SourceFile, field: protobuf.Field): string {
    if (field instanceof protobuf.MapField) return "new Map()";
    if (field.repeated) return "[]";
    const shape = this.#shape(file, field);
    if (shape.kind === "message") throw new Error(`${field.fullName} has no default`);
    return shape.scalar.zero;
  }

  #write(file: SourceFile, field: protobuf.Field, inOneof: boolean): string[] {
    const shape = this.#shape(file, field);
    const one = (value: string) => this.#writeOne(field.id, shape, value);
    if (field instanceof protobuf.MapField) {
      if (field.keyType !== "string" || shape.kind === "message") {
        throw new Error(`${field.fullName}: only maps of strings to scalars are supported`);
      }
      return [
        `  for (const key of [...message.${field.name}.keys()].sort()) {`,
        `    writer.uint32(${tag(field.id, 2)}).fork();`,
        `    writer.uint32(${tag(1, 2)}).string(key);`,
        `  ${this.#writeOne(2, shape, `message.${field.name}.get(key)!`)}`,
        "    writer.ldelim();",
        "  }",
      ];
    }
    if (field.repeated) {
      if (shape.kind === "scalar" && shape.scalar.wireType !== 2) {
        throw new Error(`${field.fullName}: packed lists are not supported`);
      }
      return [`  for (const item of message.${field.name}) {`, `  ${one("item")}`, "  }"];
    }
    if (inOneof) {
      return [
        `  if (message.${field.partOf!.name}?.kind === "${field.name}") {`,
        `  ${one(`message.${field.partOf!.name}.value`)}`,
        "  }",
      ];
    }
    const value = `message.${field.name}`;
    const isSet = isOptional(field) || shape.kind === "message"
      ? `${value} !== undefined`
      : shape.scalar.isSet(value);
    return [`  if (${isSet}) {`, `  ${one(value)}`, "  }"];
  }

  #writeOne(id: number, shape: Shape, value: string): string {
    if (shape.kind === "message") {
      return `  writer.uint32(${
        tag(id, 2)
      }).fork(); write${shape.name}(writer, ${value}); writer.ldelim();`;
    }
    return `  writer.uint32(${tag(id, shape.scalar.wireType)}); ${shape.scalar.write(value)};`;
  }

  #read(file: SourceFile, field: protobuf.Field, inOneof: boolean): string[] {
    const shape = this.#shape(file, field);
    const wireType = shape.kind === "message" ? 2 : shape.scalar.wireType;
    const value = shape.kind === "message"
      ? `read${shape.name}(reader, subEnd(reader), budget)`
      : shape.scalar.read;
    if (field instanceof protobuf.MapField && shape.kind === "scalar") {
      return [
        `      case ${tag(field.id, 2)}: {`,
        "        spend(budget);",
        "        const entryEnd = subEnd(reader);",
        '        let key = "";',
        `        let value: ${shape.scalar.type} = ${shape.scalar.zero};`,
        "        while (reader.pos < entryEnd) {",
        "          const entryTag = reader.uint32();",
        `          if (entryTag === ${tag(1, 2)}) key = readString(reader);`,
        `          else if (entryTag === ${
          tag(2, shape.scalar.wireType)
        }) value = ${shape.scalar.read};`,
        "          else skip(reader, entryTag);",
        "        }",
        "        finish(reader, entryEnd);",
        `        ${field.name}.set(key, value);`,
        "        break;",
        "      }",
      ];
    }
    const statements = field.repeated
      ? ["        spend(budget);", `        ${field.name}.push(${value});`]
      : inOneof
      ? [`        message.${field.partOf!.name} = { kind: "${field.name}", value: ${value} };`]
      : [`        message.${field.name} = ${value};`];
    return [`      case ${tag(field.id, wireType)}:`, ...statements, "        break;"];
  }

  #service(file: SourceFile, service: protobuf.Service): void {
    const path = service.fullName.slice(1);
    const methods = service.methodsArray.map((method) => {
      method.resolve();
      return {
        key: method.name[0]!.toLowerCase() + method.name.slice(1),
        request: method.resolvedRequestType!.name,
        response: method.resolvedResponseType!.name,
        method,
      };
    });
    file.lines.push(
      `export const ${service.name}: {`,
      "  readonly typeName: string;",
      "  readonly methods: {",
      ...methods.map(({ key, request, response }) =>
        `    readonly ${key}: Method<${request}, ${response}>;`
      ),
      "  };",
      "} = {",
      `  typeName: "${path}",`,
      "  methods: {",
      ...methods.map(({ key, request, response, method }) =>
        `    ${key}: { path: "/${path}/${method.name}", request: ${request}, response: ${response}, requestStream: ${!!method
          .requestStream}, responseStream: ${!!method.responseStream} },`
      ),
      "  },",
      "};",
      "",
    );
  }
}

function isList(field: protobuf.Field): boolean {
  return field.repeated || field instanceof protobuf.MapField;
}

/** Whether the field may be absent as opposed to being at its default. */
function isOptional(field: protobuf.Field): boolean {
  if (isList(field)) return false;
  field.resolve();
  return field.resolvedType instanceof protobuf.Type ||
    (field.partOf?.isProto3Optional ?? false);
}

function tag(id: number, wireType: number): number {
  return (id << 3 | wireType) >>> 0;
}

function protoFiles(directory: string, prefix = ""): string[] {
  return [...Deno.readDirSync(directory)].flatMap((entry) =>
    entry.isDirectory
      ? protoFiles(join(directory, entry.name), `${prefix}${entry.name}/`)
      : entry.name.endsWith(".proto")
      ? [prefix + entry.name]
      : []
  ).sort();
}

if (import.meta.main) {
  const paths = protoFiles(protoDirectory);
  const schema = new protobuf.Root();
  schema.resolvePath = (_origin, target) =>
    target.startsWith(protoDirectory) ? target : join(protoDirectory, target);
  schema.loadSync(paths.map((path) => join(protoDirectory, path)));
  schema.resolveAll();

  const files = new Generator(schema, paths).run();
  const stale: string[] = [];
  for (const [name, text] of files) {
    const path = join(outputDirectory, name);
    if (Deno.args.includes("--check")) {
      const current = await Deno.readTextFile(path).catch(() => "");
      if (current !== text) stale.push(name);
    } else {
      await Deno.mkdir(outputDirectory, { recursive: true });
      await Deno.writeTextFile(path, text);
    }
  }
  if (stale.length > 0) {
    console.error(`lib/proto/gen is not current: ${stale.join(", ")}. Run "deno task proto".`);
    Deno.exit(1);
  }
}
