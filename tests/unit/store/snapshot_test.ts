// The state file: what is written comes back, the format is the original's, damage is refused.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import fc from "fast-check";
import { takeSnapshot } from "../../../lib/store/core_restore.ts";
import { Core } from "../../../lib/store/core.ts";
import type { Snapshot } from "../../../lib/store/records.ts";
import { formatSnapshot, readSnapshot } from "../../../lib/store/snapshot.ts";
import { COUNTER_RESERVE, PollenError } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { isPollenError } from "./errors.ts";
import {
  authority,
  BOB,
  EMPTY,
  EVE,
  event,
  FILE,
  key,
  load,
  LOCK,
  ME,
  network,
  revocation,
  service,
} from "./fixtures.ts";

const port = fc.integer({ min: 1, max: 65_535 });
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((name) => !/[\p{Cc}\u2028\u2029]/u.test(name) && [...name].length <= 64);
const byName = fc.dictionary(name, port).map((services) =>
  new Map(Object.entries(services).sort(([a], [b]) => a < b ? -1 : 1))
);
const ip = fc.oneof(fc.ipV4(), fc.ipV6());
const keys = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 6 })
  .map((bytes) => bytes.sort((a, b) => a - b).map(key).filter((peer) => peer !== ME));
const snapshots: fc.Arbitrary<Snapshot> = keys.chain((keys) =>
  fc.record({
    counter: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ended: fc.record({
      services: fc.array(name),
      reachability: fc.constant(keys),
      externalPort: fc.boolean(),
      publiclyAccessible: fc.boolean(),
    }),
    services: byName,
    peers: fc.tuple(...keys.map((peer) =>
      fc.record({
        peer: fc.constant(peer),
        ips: fc.array(ip, { maxLength: 4 }),
        localPort: fc.oneof(fc.constant(0), port),
        externalPort: fc.oneof(fc.constant(0), port),
        lastAddr: fc.option(fc.record({ ip, port }), { nil: null }),
        services: byName,
      })
    )),
    connections: fc.array(
      fc.record({ peerId: fc.constant(BOB), remotePort: port, localPort: port, service: name }, {
        requiredKeys: ["peerId", "remotePort", "localPort"],
      }),
    ),
    revocations: fc.constant(keys.slice(0, 2).map((subject) => revocation(subject))),
  })
);

Deno.test("what is written is read back, and the same state gives the same text", () => {
  fc.assert(fc.property(snapshots, (snapshot) => {
    const text = formatSnapshot(ME, snapshot);
    deepEqual(readSnapshot(ME, text), { snapshot, warnings: [] });
    equal(formatSnapshot(ME, readSnapshot(ME, text).snapshot), text);
  }));
});

Deno.test("arbitrary text is read or refused with a PollenError", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    snapshots.chain((snapshot) => {
      const text = formatSnapshot(ME, snapshot);
      return fc.nat(text.length).map((length) => text.slice(0, length));
    }),
  );
  fc.assert(
    fc.property(text, (text) => {
      try {
        readSnapshot(ME, text);
      } catch (error) {
        if (!(error instanceof PollenError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("a file of the original is understood", async () => {
  const disk = new MemoryDisk();
  disk.put(
    FILE,
    `local:
  identityPublic: ${ME}
peers:
  - identityPublic: ${BOB}
    lastAddr: "[2001:db8::2]:60611"
    addresses:
      - 10.0.0.2
      - 2001:db8::2
    port: 60611
    externalPort: 4000
services:
  - name: api
    provider: ${EVE}
    port: 81
  - name: web
    provider: ${ME}
    port: 8080
connections:
  - peer: ${BOB}
    remotePort: 80
    localPort: 8080
revocations:
  - subjectPub: ${key(9)}
    data: ${takeRevocation(key(9))}
`,
  );
  await using store = await load(disk);
  deepEqual(store.loadWarnings, []);
  deepEqual(store.knownPeers(), [{
    peerId: BOB,
    identityPub: Uint8Array.fromHex(BOB),
    ips: ["10.0.0.2", "2001:db8::2"],
    localPort: 60_611,
    externalPort: 4_000,
    lastAddr: { ip: "2001:db8::2", port: 60_611 },
  }]);
  deepEqual([...store.localServices().values()], [{ name: "web", port: 8_080 }]);
  equal(store.hasServicePort(EVE, 81), true);
  deepEqual(store.desiredConnections(), [{ peerId: BOB, remotePort: 80, localPort: 8_080 }]);
  deepEqual(store.revokedSubjects(), [key(9)]);
  deepEqual(store.eagerSyncClock(), EMPTY);
  deepEqual(store.missingFor(EMPTY).map(({ counter, change }) => `${counter} ${change?.kind}`), [
    "1 identityPub",
    "2 service",
    "3 revocation",
  ]);
});

Deno.test("what a newer version wrote is refused and stays; what an older one wrote is lifted", async () => {
  const disk = new MemoryDisk();
  const newer = `format: 2\nlocal: {identityPublic: "${ME}"}\nservices: something else now\n`;
  disk.put(FILE, newer);
  await rejects(() => load(disk), (thrown: unknown) => {
    match((thrown as PollenError).text, /A newer version of pollen wrote it: its format is 2,/);
    match((thrown as PollenError).text, /Run the newer version again, or move the file away/);
    return (thrown as PollenError).code === "unsupported";
  });
  equal(disk.text(FILE), newer);

  disk.put(FILE, `services: [{name: web, provider: "${ME}", port: 80}]\n`);
  await using store = await load(disk);
  deepEqual([...store.localServices().keys()], ["web"]);
  match(disk.text(FILE)!, /^# .+\nformat: 1\nlocal:/);
  disk.put(FILE, "format: latest\n");
  await store.close();
  await rejects(() => load(disk), isPollenError("malformed"));
});

function takeRevocation(subject: typeof BOB): string {
  const core = new Core(ME, authority());
  core.publishRevocation(revocation(subject));
  return /data: (\S+)/.exec(formatSnapshot(ME, takeSnapshot(core)))![1]!;
}

Deno.test("the stub of the original is an empty state", async () => {
  for (const text of ["local:\n", 'local:\n  identityPublic: ""\npeers: []\n']) {
    const disk = new MemoryDisk();
    disk.put(FILE, text);
    await using store = await load(disk);
    deepEqual([...store.allNodes().keys()], [ME]);
    equal(store.clock().counters.get(ME), 1n);
  }
});

Deno.test("what the network says replaces what was remembered", async () => {
  const disk = new MemoryDisk();
  const first = await load(disk);
  first.applyEvents([
    event(BOB, 1n, network("10.0.0.2")),
    event(BOB, 2n, service("web")),
    event(BOB, 3n, service("api")),
  ]);
  await first.save();
  await first.close();
  await using second = await load(disk);
  deepEqual([...second.get(BOB)!.services.keys()], ["api", "web"]);
  second.applyEvents([
    event(BOB, 4n, service("web"), true),
    event(BOB, 5n, network("10.9.9.9")),
  ]);
  deepEqual([...second.get(BOB)!.services.keys()], ["api"]);
  deepEqual(second.get(BOB)!.ips, ["10.9.9.9"]);
});

Deno.test("a restart counts on above the last run and ends what was only true of it", async () => {
  const disk = new MemoryDisk();
  const first = await load(disk);
  first.setLocalConnected(BOB, true);
  first.setExternalPort(4_000);
  first.setLocalPubliclyAccessible(true);
  first.upsertLocalService(80, "old");
  first.removeLocalServices("old");
  first.upsertLocalService(81, "kept");
  const last = first.clock().counters.get(ME)!;
  await first.save();
  await first.close();

  await using second = await load(disk);
  const events = second.missingFor(EMPTY);
  deepEqual(events.map(({ counter }) => counter > last + COUNTER_RESERVE), events.map(() => true));
  deepEqual(
    events.map(({ change, deleted }) => `${change?.kind}${deleted ? " deleted" : ""}`).sort(),
    [
      "externalPort deleted",
      "identityPub",
      "publiclyAccessible deleted",
      "reachability deleted",
      "service",
      "service deleted",
    ],
  );
  deepEqual([...second.localServices().keys()], ["kept"]);
});

Deno.test("counters beyond 2^53 survive a restart, and the end of the counter is kept clear of", async () => {
  const disk = new MemoryDisk();
  disk.put(FILE, `local: {identityPublic: "${ME}", counter: ${2n ** 53n + 1n}}`);
  const store = await load(disk);
  equal(store.clock().counters.get(ME), 2n ** 53n + 1n + COUNTER_RESERVE + 1n);
  await store.close();
  disk.put(FILE, `local: {identityPublic: "${ME}", counter: ${2n ** 64n - 1n}}`);
  await using last = await load(disk);
  equal(last.upsertLocalService(80, "web").length, 1);
});

Deno.test("entries that mean nothing are left out and named", async () => {
  const disk = new MemoryDisk();
  disk.put(
    FILE,
    `peers: [{identityPublic: nonsense}, 5, {identityPublic: "${BOB}", lastAddr: "nowhere", addresses: [no-ip], port: 70000}]
services: [{name: "", provider: "${BOB}", port: 80}, {name: web, provider: "${BOB}", port: 0}]
connections: [{peer: "${BOB}", remotePort: 80}]
future: {field: 1}
`,
  );
  await using store = await load(disk);
  equal(store.loadWarnings.length, 5);
  match(store.loadWarnings[0]!, /Entry 1 of "peers"/);
  deepEqual(store.get(BOB), {
    peer: BOB,
    ips: [],
    localPort: 0,
    externalPort: 0,
    services: new Map(),
    reachable: new Set(),
    publiclyAccessible: false,
    certExpiryUnix: 0n,
    lastAddr: null,
  });
  deepEqual(store.desiredConnections(), []);
});

const DAMAGED = {
  "no YAML": "local: [",
  "a list": "- 1\n- 2\n",
  "text": "hello",
  "a wrong shape": "peers: 5",
  "a wrong counter": "local: {counter: -1}",
  "a fractional counter": "local: {counter: 1.5}",
  "duplicate keys": "peers: []\npeers: []",
  "nothing in it": "",
  "a revocation that cannot be read": 'revocations: [{data: "%%%"}]',
};
for (const [what, text] of Object.entries(DAMAGED)) {
  Deno.test(`a file with ${what} is refused and left as it is`, async () => {
    const disk = new MemoryDisk();
    disk.put(FILE, text);
    await rejects(load(disk), (error) => {
      equal(isPollenError("malformed")(error), true);
      match((error as PollenError).message, /state\.yaml/);
      equal((error as PollenError).fix !== undefined, true);
      return true;
    });
    equal(disk.text(FILE), text);
    equal(disk.isLocked(LOCK), false);
  });
}

Deno.test("a file that was cut short anywhere is refused and left as it is", async () => {
  const disk = new MemoryDisk();
  const store = await load(disk);
  store.upsertLocalService(80, "web");
  store.publishRevocation(revocation(EVE));
  await store.save();
  await store.close();
  const whole = disk.text(FILE)!.trimEnd();
  for (let length = 0; length < whole.length; length++) {
    const cut = new MemoryDisk();
    cut.put(FILE, whole.slice(0, length));
    await rejects(load(cut), isPollenError("malformed"), `${length} characters`);
    equal(cut.text(FILE), whole.slice(0, length));
  }
});

Deno.test("a file that is no text is refused", async () => {
  const disk = new MemoryDisk();
  disk.put(FILE, new Uint8Array([0xff, 0xfe, 0x00]));
  await rejects(load(disk), isPollenError("malformed"));
});

Deno.test("a file of another node is refused and left as it is", async () => {
  const disk = new MemoryDisk();
  await (await load(disk, BOB)).close();
  const text = disk.text(FILE);
  await rejects(load(disk), isPollenError("failed_precondition"));
  equal(disk.text(FILE), text);
});
