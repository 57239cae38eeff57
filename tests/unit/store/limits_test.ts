// What a peer can make this node believe and hold, at each bound and one beyond it.

import { deepEqual, equal, throws } from "node:assert/strict";
import type { GossipEvent } from "../../../lib/proto/mod.ts";
import { readAttribute } from "../../../lib/store/core_attribute.ts";
import {
  ATTRIBUTES_PER_AUTHOR_MAX,
  AUTHORS_MAX,
  CONNECTIONS_MAX,
  COUNTER_FIRST_MAX,
  COUNTER_JUMP_MAX,
  type PeerKey,
  peerKeyFromBytes,
  UNSIGNED_ATTRIBUTES_MAX,
  UNSIGNED_AUTHORS_MAX,
} from "../../../lib/types/mod.ts";
import { isPollenError } from "./errors.ts";
import { BOB, EVE, event, load, network, reaches, revokes, service } from "./fixtures.ts";

type Change = NonNullable<GossipEvent["change"]>;

function numbered(index: number): PeerKey {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, index + 1);
  return peerKeyFromBytes(bytes);
}

const INVALID: Readonly<Record<string, GossipEvent>> = {
  "no author": { peerId: "", counter: 1n, deleted: false, change: service("web") },
  "an author that is no key": {
    peerId: "xyz",
    counter: 1n,
    deleted: false,
    change: service("web"),
  },
  "no change": { peerId: BOB, counter: 1n, deleted: false },
  "counter 0": event(BOB, 0n, service("web")),
  "an empty service name": event(BOB, 1n, service("")),
  "a service name of 65": event(BOB, 1n, service("x".repeat(65))),
  "a control character in a name": event(BOB, 1n, service("a\u001b[2J")),
  "a deleted service without a name": event(BOB, 1n, service(""), true),
  "service port 0": event(BOB, 1n, service("web", 0)),
  "service port 65536": event(BOB, 1n, service("web", 65_536)),
  "a name for an address": event(BOB, 1n, network("example.org")),
  "an address of 65 characters": event(BOB, 1n, network(`${"0".repeat(62)}::1`)),
  "65 addresses": event(BOB, 1n, {
    kind: "network",
    value: { ips: Array(65).fill("10.0.0.1"), localPort: 1 },
  }),
  "network port 0": event(BOB, 1n, network("10.0.0.1", 0)),
  "external port 65536": event(BOB, 1n, {
    kind: "externalPort",
    value: { externalPort: 65_536 },
  }),
  "a reachability of nobody": event(BOB, 1n, { kind: "reachability", value: { peerId: "me" } }),
  "the identity of somebody else": event(BOB, 1n, {
    kind: "identityPub",
    value: { identityPub: Uint8Array.fromHex(EVE), certExpiryUnix: 0n },
  }),
  "an empty revocation": event(BOB, 1n, { kind: "revocation", value: {} }),
  "a revocation of 31 bytes": event(BOB, 1n, {
    kind: "revocation",
    value: {
      revocation: {
        entry: {
          clusterId: new Uint8Array(),
          subjectPub: new Uint8Array(31),
          revokedAtUnix: 0n,
          issuerAdminPub: new Uint8Array(),
        },
        signature: new Uint8Array(),
      },
    },
  }),
  "a deleted revocation": event(BOB, 1n, revokes(EVE), true),
};

for (const [what, bad] of Object.entries(INVALID)) {
  Deno.test(`an event with ${what} is skipped, its batch is not`, async () => {
    equal(readAttribute(bad), null);
    await using store = await load();
    const good = event(EVE, 1n, service("good"));
    deepEqual(store.applyEvents([bad, good, bad]).applied, [good]);
  });
}

Deno.test("valid events at the bounds are taken", () => {
  const valid: Change[] = [
    service("x".repeat(64), 65_535),
    service("🙂".repeat(64), 1),
    network("fe80::1%eth0", 65_535),
    { kind: "network", value: { ips: Array(64).fill("10.0.0.1"), localPort: 1 } },
    { kind: "network", value: { ips: [], localPort: 1 } },
    { kind: "externalPort", value: { externalPort: 0 } },
  ];
  for (const change of valid) equal(readAttribute(event(BOB, 1n, change)) === null, false);
});

Deno.test("keys in capital letters name the same node", async () => {
  await using store = await load();
  const shouted = {
    ...event(BOB, 1n, { kind: "reachability", value: { peerId: EVE.toUpperCase() } }),
    peerId: BOB.toUpperCase(),
  };
  deepEqual(store.applyEvents([shouted]).applied, [event(BOB, 1n, reaches(EVE))]);
});

Deno.test("a counter may jump by 2^32 and no further; the first one may be up to 2^48", async () => {
  await using store = await load();
  const takes = (counter: bigint) =>
    store.applyEvents([event(BOB, counter, service("web"))]).applied.length === 1;
  equal(takes(COUNTER_FIRST_MAX + 1n), false);
  equal(takes(5n), true);
  equal(takes(5n + COUNTER_JUMP_MAX + 1n), false);
  equal(takes(2n ** 64n - 1n), false);
  equal(takes(5n + COUNTER_JUMP_MAX), true);
  equal(store.clock().counters.get(BOB), 5n + COUNTER_JUMP_MAX);
  equal(store.applyEvents([event(EVE, COUNTER_FIRST_MAX, service("web"))]).applied.length, 1);
});

Deno.test("no more authors who do not sign are kept than the bound; those known are still heard", async () => {
  await using store = await load();
  const events = Array.from(
    { length: UNSIGNED_AUTHORS_MAX + 10 },
    (_, index) => event(numbered(index), 1n, service("web")),
  );
  equal(store.applyEvents(events).applied.length, UNSIGNED_AUTHORS_MAX);
  equal(store.allNodes().size, UNSIGNED_AUTHORS_MAX + 1);
  equal(store.applyEvents([event(numbered(0), 2n, service("api"))]).applied.length, 1);
  const revoking = store.applyEvents([event(numbered(UNSIGNED_AUTHORS_MAX), 1n, revokes(EVE))]);
  deepEqual(revoking.revoked, [EVE]);
  equal(store.allNodes().size, UNSIGNED_AUTHORS_MAX + 1);
});

Deno.test("no more nodes are remembered than all bounds allow", async () => {
  await using store = await load();
  for (let index = 0; index < AUTHORS_MAX + UNSIGNED_AUTHORS_MAX + 10; index++) {
    store.setLastAddr(numbered(index), { ip: "192.0.2.1", port: 1 });
  }
  equal(store.allNodes().size, AUTHORS_MAX + UNSIGNED_AUTHORS_MAX);
});

Deno.test("what authors say who do not sign is bounded in sum, and what is revoked makes room", async () => {
  await using store = await load();
  const full = UNSIGNED_ATTRIBUTES_MAX / ATTRIBUTES_PER_AUTHOR_MAX;
  for (let index = 0; index < full; index++) {
    const events = Array.from(
      { length: ATTRIBUTES_PER_AUTHOR_MAX },
      (_, at) => event(numbered(index), BigInt(at + 1), service(`s${at}`)),
    );
    equal(store.applyEvents(events).applied.length, ATTRIBUTES_PER_AUTHOR_MAX);
  }
  const one = [event(EVE, 1n, service("one more"))];
  deepEqual(store.applyEvents(one).applied, []);
  const renewed = event(numbered(0), BigInt(ATTRIBUTES_PER_AUTHOR_MAX + 1), service("s0", 9));
  deepEqual(store.applyEvents([renewed]).applied, [renewed]);
  deepEqual(store.applyEvents([event(BOB, 1n, revokes(numbered(0)))]).revoked, [numbered(0)]);
  deepEqual(store.applyEvents(one).applied, one);
});

Deno.test("no more attributes of one author are kept than the bound, but every revocation", async () => {
  await using store = await load();
  const events = Array.from(
    { length: ATTRIBUTES_PER_AUTHOR_MAX + 10 },
    (_, index) => event(BOB, BigInt(index + 1), service(`s${index}`)),
  );
  equal(store.applyEvents(events).applied.length, ATTRIBUTES_PER_AUTHOR_MAX);
  const counter = BigInt(ATTRIBUTES_PER_AUTHOR_MAX + 50);
  equal(store.applyEvents([event(BOB, counter, service("s0", 9))]).applied.length, 1);
  equal(store.applyEvents([event(BOB, counter + 1n, reaches(EVE))]).applied.length, 0);
  deepEqual(store.applyEvents([event(BOB, counter + 2n, revokes(EVE))]).revoked, [EVE]);
});

Deno.test("our own announcements are bounded alike", async () => {
  await using store = await load();
  for (let index = 1; index < ATTRIBUTES_PER_AUTHOR_MAX; index++) {
    store.upsertLocalService(80, `s${index}`);
  }
  throws(() => store.upsertLocalService(80, "one more"), isPollenError("exhausted"));
  deepEqual(store.setLocalConnected(BOB, true), []);
  equal(store.upsertLocalService(81, "s1").length, 1);
});

Deno.test("desired connections are bounded", async () => {
  await using store = await load();
  for (let index = 1; index <= CONNECTIONS_MAX; index++) store.addDesiredConnection(BOB, 80, index);
  throws(() => store.addDesiredConnection(BOB, 81, 1), isPollenError("exhausted"));
  store.addDesiredConnection(BOB, 80, 1);
  equal(store.desiredConnections().length, CONNECTIONS_MAX);
});
