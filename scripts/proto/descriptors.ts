// Descriptors of the schemas that servers show to foreign tools by reflection: each file as a
// google.protobuf.FileDescriptorProto, all names in full.

import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

/** Only these are shown; what our own programs speak with each other is nobody else's. */
const PUBLIC = /^(grpc|orchion)\//;

/** A module with the bytes of every public file, in base64. `paths` are relative to `directory`. */
export function descriptorModule(
  schema: protobuf.Root,
  directory: string,
  paths: readonly string[],
): string {
  const files = filesOf(schema);
  const entries = paths.filter((path) => PUBLIC.test(path)).map((path) => {
    const name = packageOf(schema, `${directory}/${path}`);
    const file = { ...files.find((candidate) => candidate.package === name)!, name: path };
    const bytes: Uint8Array = descriptor.FileDescriptorProto.encode(file).finish();
    return `  "${path}": "${new Uint8Array(bytes).toBase64()}",`;
  });
  return [
    "// Generated from proto/ by scripts/generate_proto.ts. Do not edit.",
    "// deno-lint-ignore-file",
    "",
    "/** By its path, each public schema as a google.protobuf.FileDescriptorProto in base64. */",
    "export const FILE_DESCRIPTORS: Readonly<Record<string, string>> = {",
    ...entries,
    "};",
    "",
  ].join("\n");
}

interface FileDescriptor {
  readonly package: string;
  readonly messageType: readonly MessageDescriptor[];
  readonly service: readonly { readonly name: string; readonly method: MethodDescriptor[] }[];
}

interface MessageDescriptor {
  readonly name: string;
  readonly field: { readonly name: string; readonly number: number; typeName?: string }[];
}

interface MethodDescriptor {
  readonly name: string;
  inputType: string;
  outputType: string;
}

/** protobufjs writes the names of types as short as they can be; tools want them from the root. */
function filesOf(schema: protobuf.Root): FileDescriptor[] {
  const set = (schema as unknown as { toDescriptor(syntax: string): { file: FileDescriptor[] } })
    .toDescriptor("proto3");
  for (const file of set.file) {
    for (const message of file.messageType) {
      const type = schema.lookupType(`${file.package}.${message.name}`);
      for (const field of message.field) {
        const target = type.fieldsById[field.number]?.resolvedType;
        if (target) field.typeName = target.fullName;
      }
    }
    for (const { name, method: methods } of file.service) {
      const service = schema.lookupService(`${file.package}.${name}`);
      for (const method of methods) {
        const { resolvedRequestType, resolvedResponseType } = service.methods[method.name]!;
        method.inputType = resolvedRequestType!.fullName;
        method.outputType = resolvedResponseType!.fullName;
      }
    }
  }
  return set.file;
}

function packageOf(namespace: protobuf.NamespaceBase, filename: string): string | null {
  for (const child of namespace.nestedArray) {
    if (child.filename === filename && !(child instanceof protobuf.Namespace && !isLeaf(child))) {
      return child.parent!.fullName.slice(1);
    }
    if (child instanceof protobuf.Namespace && !isLeaf(child)) {
      const found = packageOf(child, filename);
      if (found !== null) return found;
    }
  }
  return null;
}

function isLeaf(object: protobuf.ReflectionObject): boolean {
  return object instanceof protobuf.Type || object instanceof protobuf.Service;
}
