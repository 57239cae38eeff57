// States that no run of ours leaves: files that say what cannot be, counters at their end, nodes
// that nobody has heard of.

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { Core } from "../../../lib/store/core.ts";
import { isServiceName } from "../../../lib/store/core_attribute.ts";
import { SignedRevocation } from "../../../lib/proto/mod.ts";
import { COUNTER_MAX } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { isPollenError } from "./errors.ts";
import { authority, BOB, EVE, FILE, load, ME, network, revocation, service } from "./fixtures.ts";

Deno.test("a file that tells of this node as a peer, or of a revoked one, is not believed", async () => {
  const disk = new MemoryDisk();
  const data = SignedRevocation.encode(revocation(BOB)).toBase64();
  disk.put(
    FILE,
    `local: {identityPublic: "${ME}"}
peers:
  - {identityPublic: "${ME}", addresses: [10.0.0.1], port: 1}
  - {identityPublic: "${BOB}", addresses: [10.0.0.2], port: 2}
  - {identityPublic: "${EVE}", addresses: [10.0.0.3], port: 3}
revocations: [{subjectPub: "${BOB}", data: "${data}"}]
`,
  );
  await using store = await load(disk);
  deepEqual(store.knownPeers().map(({ peerId }) => peerId), [EVE]);
  deepEqual(store.get(ME)!.ips, []);
  equal(store.get(BOB), null);
});

Deno.test("a file whose owner is not named by a key is another node's", async () => {
  const disk = new MemoryDisk();
  disk.put(FILE, 'local: {identityPublic: "nobody"}');
  await rejects(load(disk), isPollenError("failed_precondition"));
});

Deno.test("the last counter can be used; after it nothing is said any more, and why is", () => {
  const core = new Core(ME, authority());
  core.own.raiseCounter(COUNTER_MAX - 1n);
  equal(core.own.publish(service("web"))[0]!.counter, COUNTER_MAX);
  throws(() => core.own.publish(network("10.0.0.1")), isPollenError("exhausted"));
  deepEqual([...core.known.local().services], [["web", 8_080]]);
});

Deno.test("nobody knows anything of a node that nobody has heard of", async () => {
  await using store = await load();
  equal(store.isConnected(EVE, BOB), false);
  equal(store.hasServicePort(EVE, 80), false);
  equal(store.get(EVE), null);
});

Deno.test("a name has 64 characters at most, whatever their size", () => {
  equal(isServiceName("🐝".repeat(64)), true);
  equal(isServiceName("🐝".repeat(65)), false);
  equal(isServiceName("x".repeat(65)), false);
  equal(isServiceName("x".repeat(100_000)), false);
});
