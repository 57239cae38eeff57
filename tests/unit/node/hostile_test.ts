// Members may be hostile: whatever envelope comes, a step gives outputs and does not throw.

import { ok } from "node:assert/strict";
import fc from "fast-check";
import { EVENT_BATCH_BYTES } from "../../../lib/types/mod.ts";
import { Envelope, type GossipEvent } from "../../../lib/proto/mod.ts";
import {
  accessible,
  event,
  key,
  ME,
  network,
  reaches,
  revokes,
  service,
} from "../store/fixtures.ts";
import { BOB, EVE, only, TestCore } from "./fixtures.ts";

const counter = fc.oneof(
  fc.bigInt({ min: 0n, max: 20n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const change = fc.oneof(
  fc.string({ maxLength: 70 }).map((name) => service(name, 80)),
  fc.nat(70_000).map((port) => service("web", port)),
  fc.string({ maxLength: 50 }).map((ip) => network(ip)),
  fc.nat(70_000).map((port) => network("10.0.0.1", port)),
  fc.nat(70_000).map((externalPort) => ({
    kind: "externalPort" as const,
    value: { externalPort },
  })),
  fc.nat(255).map((byte) => reaches(key(byte))),
  fc.string({ maxLength: 66 }).map((peerId) => ({
    kind: "reachability" as const,
    value: { peerId },
  })),
  fc.constantFrom(ME, BOB, EVE).map((subject) => revokes(subject, "forged")),
  fc.constant(accessible),
);
const author = fc.oneof(
  fc.constantFrom(ME, BOB, EVE),
  fc.nat(255).map(key),
  fc.string({ maxLength: 70 }),
);
const anyEvent: fc.Arbitrary<GossipEvent> = fc.oneof(
  fc.record({
    peerId: author,
    counter,
    deleted: fc.boolean(),
    change,
  }),
  fc.record({ peerId: author, counter, deleted: fc.boolean() }),
);
const address = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6().map((ip) => `[${ip}]`)), fc.nat(70_000))
    .map(([ip, port]) => `${ip}:${port}`),
  fc.constantFrom("[2a00::1%eth0]:1", "[::ffff:8.8.8.8]:2", "[2A00::1]:3", "008.8.8.8:4"),
);
const body: fc.Arbitrary<NonNullable<Envelope["body"]>> = fc.oneof(
  fc.array(anyEvent, { maxLength: 12 }).map((events) => ({
    kind: "events" as const,
    value: { events },
  })),
  fc.dictionary(fc.string({ maxLength: 70 }), counter).map((counters) => ({
    kind: "clock" as const,
    value: { counters: new Map(Object.entries(counters)) },
  })),
  address.map((addr) => ({ kind: "observedAddress" as const, value: { addr } })),
);

Deno.test("any run of envelopes of any content is taken without a throw, and answered in bounds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(body, { maxLength: 12 }), async (bodies) => {
      await using t = await TestCore.open();
      t.step({ kind: "ownAddresses", ips: ["10.0.0.7"], port: 60_611 });
      for (const peer of [BOB, EVE]) t.connect(peer);
      for (const each of bodies) {
        for (const { envelope } of only("send", t.receive(BOB, each))) {
          const { length } = Envelope.encode(envelope);
          const isAlone = envelope.body?.kind !== "events" ||
            envelope.body.value.events.length === 1;
          ok(isAlone || length <= EVENT_BATCH_BYTES, `${length} bytes`);
        }
        t.step({ kind: "gossipTick" });
        t.tick();
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("a flood of words in our name neither stops the node nor silences it for good", async () => {
  await using t = await TestCore.open();
  t.connect(BOB);
  for (let round = 0; round < 40; round++) {
    const flood = Array.from(
      { length: 100 },
      (_, index) => event(ME, BigInt(1_000 + round * 100 + index), service(`s${round}-${index}`)),
    );
    t.events(BOB, ...flood);
  }
  t.step({ kind: "ownAddresses", ips: ["10.0.0.7"], port: 60_611 });
  t.receive(BOB, { kind: "observedAddress", value: { addr: "8.8.8.8:99" } });
  t.disconnect(BOB);
  t.connect(BOB);
});
