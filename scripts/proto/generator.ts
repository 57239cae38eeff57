// From a parsed schema to TypeScript: an interface and a codec for each message, constants for each
// enum, a description for each service. What our schemas do not use is refused by name.

import protobuf from "protobufjs";
import { number32, type Scalar, SCALARS } from "./scalars.ts";
import { outputName, SourceFile } from "./source_file.ts";

type Shape =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "message"; readonly name: string };

export class Generator {
  readonly files = new Map<string, string>();
  readonly #fileOf = new Map<string, string>();

  /** `paths` are relative to `directory`, where the schema's files lie. */
  constructor(
    readonly schema: protobuf.Root,
    readonly directory: string,
    readonly paths: readonly string[],
  ) {}

  run(): ReadonlyMap<string, string> {
    for (const type of this.#types(this.schema)) {
      this.#fileOf.set(type.fullName, this.#relative(type));
    }
    for (const path of this.paths) {
      const file = new SourceFile(path);
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
    return (object.filename ?? "").slice(this.directory.length + 1);
  }

  *#objects(
    namespace: protobuf.NamespaceBase,
  ): IterableIterator<protobuf.Type | protobuf.Enum | protobuf.Service> {
    for (const child of namespace.nestedArray) {
      if (
        child instanceof protobuf.Type || child instanceof protobuf.Enum ||
        child instanceof protobuf.Service
      ) {
        yield child;
        // Messages inside of messages no schema has; enums some of the foreign ones do.
        if (child instanceof protobuf.Type) {
          yield* child.nestedArray.filter((inner) => inner instanceof protobuf.Enum);
        }
      } else if (child instanceof protobuf.Namespace) yield* this.#objects(child);
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
    file.lines.push(...docstring(declaration.comment, ""), `export const ${declaration.name} = {`);
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

    file.lines.push(...docstring(type.comment, ""), `export interface ${name} {`);
    for (const field of plain) {
      file.lines.push(...docstring(field.comment, "  "), `  ${this.#member(file, field)};`);
    }
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
      ...methods.map(({ key, request, response, method }) => {
        const type = method.requestStream || method.responseStream ? "StreamMethod" : "Method";
        return `    readonly ${key}: ${type}<${request}, ${response}>;`;
      }),
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

/** The schema's comment as a docstring; nothing without one. */
function docstring(comment: string | null, indent: string): string[] {
  return comment === null ? [] : [`${indent}/** ${comment.replaceAll("\n", " ").trim()} */`];
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
