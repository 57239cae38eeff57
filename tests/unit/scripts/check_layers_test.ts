// The layer check must see what it claims to forbid, and stay silent otherwise.

import { deepEqual, equal, match } from "node:assert/strict";
import { checkFile, LAZY, ROOMS } from "../../../scripts/check_layers.ts";

function only(file: string, source: string): string {
  const violations = checkFile(file, source);
  equal(violations.length, 1, JSON.stringify(violations));
  return violations[0]!.text;
}

Deno.test("an import along the table is allowed", () => {
  deepEqual(checkFile("lib/mesh/mesh.ts", 'import { PollenError } from "../types/mod.ts";'), []);
  deepEqual(checkFile("lib/mesh/mesh.ts", 'import { registry } from "./registry.ts";'), []);
});

Deno.test("an import against the table is refused, with the line", () => {
  const [violation] = checkFile(
    "lib/peer/peer.ts",
    '// head\n\nimport { Store } from "../store/mod.ts";',
  );
  match(violation!.text, /peer may not import store; it may import types/);
  equal(violation!.line, 3);
});

Deno.test("type-only imports, re-exports and imports over several lines count", () => {
  match(only("lib/peer/a.ts", 'import type { S } from "../store/mod.ts";'), /may not import store/);
  match(only("lib/peer/a.ts", 'export { S } from "../store/mod.ts";'), /may not import store/);
  match(only("lib/peer/a.ts", 'import {\n  S,\n} from "../store/mod.ts";'), /may not import store/);
});

Deno.test("a room is entered through its mod.ts", () => {
  match(
    only("lib/mesh/a.ts", 'import { x } from "../auth/keys.ts";'),
    /Enter auth through its mod.ts/,
  );
});

Deno.test("a room that the table does not know is refused", () => {
  match(only("lib/utils/a.ts", 'import { x } from "./b.ts";'), /"utils" is not in the table/);
});

Deno.test("a lazy room may be imported dynamically, never statically", () => {
  deepEqual(checkFile("lib/cli/up.ts", 'const app = await import("../app/mod.ts");'), []);
  match(
    only("lib/cli/up.ts", 'import { runDaemon } from "../app/mod.ts";'),
    /only by dynamic import/,
  );
});

Deno.test("foreign libraries stay in their rooms", () => {
  match(only("lib/node/a.ts", 'import grpc from "@grpc/grpc-js";'), /belongs to rpc/);
  match(only("lib/node/a.ts", 'import http2 from "node:http2";'), /belongs to rpc/);
  deepEqual(checkFile("lib/rpc/a.ts", 'import grpc from "@grpc/grpc-js";'), []);
});

Deno.test("pure files know no clock, no chance, no machine", () => {
  for (
    const word of [
      "Deno.cwd()",
      "Date.now()",
      "Math.random()",
      "setTimeout(f, 1)",
      "performance.now()",
    ]
  ) {
    match(only("lib/peer/peer.ts", `const x = ${word};`), /decisions are pure/);
    match(only("lib/node/core.ts", `const x = ${word};`), /decisions are pure/);
  }
  deepEqual(checkFile("lib/host/clock.ts", "const x = performance.now();"), []);
});

Deno.test("comments are not code", () => {
  deepEqual(
    checkFile("lib/peer/a.ts", '// import { S } from "../store/mod.ts";\n/* Date.now() */'),
    [],
  );
});

Deno.test("the table has no cycle and names only rooms that it has", () => {
  const visiting = new Set<string>();
  const done = new Set<string>();
  const visit = (room: string): void => {
    if (done.has(room)) return;
    equal(visiting.has(room), false, `a cycle through ${room}`);
    visiting.add(room);
    for (const next of ROOMS[room] ?? []) {
      equal(Object.hasOwn(ROOMS, next), true, next);
      visit(next);
    }
    visiting.delete(room);
    done.add(room);
  };
  for (const room of Object.keys(ROOMS)) visit(room);
  for (const { rooms } of Object.values(LAZY)) {
    for (const room of rooms) equal(Object.hasOwn(ROOMS, room), true);
  }
});
