// The pure parts of the socket's life, and what a look at a path finds.

import assert from "node:assert/strict";
import {
  assertSocketPath,
  groupName,
  probeSocket,
  publishSocket,
  removeSocket,
  socketPathBytesMax,
  socketPathOf,
  temporaryPathOf,
} from "../../../lib/server/socket.ts";
import { PollenError } from "../../../lib/types/mod.ts";

Deno.test("the socket lies in the state folder", () => {
  assert.equal(socketPathOf("/var/lib/pollen"), "/var/lib/pollen/pollen.sock");
  assert.equal(socketPathOf("/var/lib/pollen/"), "/var/lib/pollen/pollen.sock");
});

Deno.test("a path may be as long as the operating system allows, counted in bytes", () => {
  for (const os of ["linux", "darwin"]) {
    const bytesMax = socketPathBytesMax(os);
    assertSocketPath(`/${"x".repeat(bytesMax - 1)}`, os);
    for (const path of [`/${"x".repeat(bytesMax)}`, `/${"ü".repeat(bytesMax / 2)}x`]) {
      assert.throws(
        () => assertSocketPath(path, os),
        (thrown) => thrown instanceof PollenError && thrown.code === "invalid_argument",
      );
    }
  }
});

Deno.test("the path to bind at is beside the socket, no longer than it, and another each time", () => {
  const path = "/a/b/pollen.sock";
  const [first, second] = [temporaryPathOf(path), temporaryPathOf(path)];
  assert.match(first, /^\/a\/b\/\.[^/]+$/);
  assert(first.length <= path.length);
  assert.notEqual(first, second);
});

Deno.test("a group's name is read from the file of groups", () => {
  const groups = "root:x:0:\npollen:x:977:ada,bob\nbroken\n:x:5:\nother:x:1:";
  assert.equal(groupName(groups, 977), "pollen");
  assert.equal(groupName(groups, 0), "root");
  assert.equal(groupName(groups, 5), "");
  assert.equal(groupName(groups, 9), null);
  assert.equal(groupName("", 0), null);
});

Deno.test("a look at a path tells what is there", async () => {
  const dir = await Deno.makeTempDir({ prefix: "pollen-socket-" });
  const path = `${dir}/s`;
  assert.equal(await probeSocket(path), "absent");
  assert.equal(await probeSocket(`${dir}/no/such`), "absent");
  const listener = Deno.listen({ transport: "unix", path });
  assert.equal(await probeSocket(path), "live");
  await Deno.rename(path, `${path}2`);
  listener.close();
  assert.equal(await probeSocket(`${path}2`), "stale");
  await Deno.writeTextFile(path, "");
  assert.equal(await probeSocket(path), "foreign");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a published socket has its owner's rights only, and is removed only while it is that one", async () => {
  const dir = await Deno.makeTempDir({ prefix: "pollen-socket-" });
  const [bound, path] = [`${dir}/.b`, `${dir}/s`];
  using _listener = Deno.listen({ transport: "unix", path: bound });
  await Deno.chmod(bound, 0o777);
  const identity = await publishSocket(bound, path);
  assert.equal((await Deno.lstat(path)).mode! & 0o777, 0o600);
  await removeSocket(path, { ...identity, ino: -1 });
  assert.equal(await probeSocket(path), "live");
  await removeSocket(path, identity);
  await removeSocket(path, identity);
  assert.equal(await probeSocket(path), "absent");
  await Deno.remove(dir, { recursive: true });
});
