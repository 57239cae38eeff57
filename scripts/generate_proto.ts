// Generates lib/proto/gen from proto/: one TypeScript file per .proto, with an interface and a
// codec per message. protobufjs parses the schema; the output stands on lib/proto/wire.ts.
//
//   deno task proto            writes the files
//   … --check                  fails when a file is not what would be written
//
// Only what our schemas use is supported; anything else is refused by name.

import protobuf from "protobufjs";
import { descriptorModule } from "./proto/descriptors.ts";
import { Generator } from "./proto/generator.ts";
import { dirname, fromFileUrl, join } from "./paths.ts";

const root = dirname(dirname(fromFileUrl(import.meta.url)));
const protoDirectory = join(root, "proto");
const outputDirectory = join(root, "lib", "proto", "gen");

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
  schema.loadSync(paths.map((path) => join(protoDirectory, path)), {
    alternateCommentMode: true,
    preferTrailingComment: true,
  });
  schema.resolveAll();

  const files = new Map(new Generator(schema, protoDirectory, paths).run());
  files.set("descriptors.ts", descriptorModule(schema, protoDirectory, paths));
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
