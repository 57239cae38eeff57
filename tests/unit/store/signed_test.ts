// What nodes exchange over pollen/2: signed by their authors, who must be members, and complete.

import { deepEqual, equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { authorityOf } from "../../../lib/app/authority.ts";
import { systemClock } from "../../../lib/host/mod.ts";
import type { EventRecords, GossipEvent } from "../../../lib/proto/mod.ts";
import { Core } from "../../../lib/store/core.ts";
import { encodeMemberEvent, eventName } from "../../../lib/store/core_signed.ts";
import { digestOf, mayLack, missingRecords, summaryOf } from "../../../lib/store/core_sync.ts";
import {
  ATTRIBUTES_PER_AUTHOR_MAX,
  COUNTER_JUMP_MAX,
  peerKeyFromBytes,
  UNSIGNED_AUTHORS_MAX,
} from "../../../lib/types/mod.ts";
import { DAY_MS, makeNode, makeRoot, NOW, type Root } from "../auth/fixtures.ts";
import { EMPTY, event, key, network, reaches, service } from "./fixtures.ts";

const clock = { ...systemClock, wallNow: () => NOW };
const root = await makeRoot(1);
const foreign = await makeRoot(2);
const ALL = { bytesMax: Infinity };
const NOTHING = { positions: [] };
const EMPTY_BYTES = new Uint8Array();

async function memberOf({ signer, credentials: { trust } }: Root, seed: number) {
  const { identity } = await makeNode(seed);
  const cert = signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now: NOW });
  return { key: identity.peerKey, authority: authorityOf(identity, { cert, trust }, clock) };
}
const members = [await memberOf(root, 11), await memberOf(root, 12), await memberOf(root, 13)];
const stranger = await memberOf(foreign, 14);

function newCore(index: number): Core {
  const { key, authority } = members[index]!;
  return new Core(key, authority);
}

/** Gives one what it lacks of the other's, as often as there is more; how many answers that took. */
function pull(to: Core, from: Core, options = ALL): number {
  for (let answers = 1;; answers++) {
    const missing = missingRecords(from, summaryOf(to), options);
    to.applyRecords(missing);
    if (!missing.more) return answers;
  }
}

const servicesOf = (core: Core, of: Core) => [...core.known.get(of.local)?.services.keys() ?? []];

Deno.test("what a member says is believed wherever it was heard, with the membership alone", () => {
  const [a, b, c] = [newCore(0), newCore(1), newCore(2)];
  a.own.publish(service("web"));
  pull(b, a);
  pull(c, b);
  deepEqual(servicesOf(c, a), ["web"]);
  deepEqual(summaryOf(a).positions, summaryOf(c).positions);
  deepEqual(digestOf(a), digestOf(c));
  equal(mayLack(a, summaryOf(c)), false);
  deepEqual(missingRecords(a, summaryOf(c), ALL).records, []);

  const d = newCore(1);
  d.applyRecords({ ...missingRecords(a, NOTHING, ALL), memberships: [] });
  deepEqual(servicesOf(d, a), []);
});

Deno.test("nobody is believed who is no member, or did not sign", () => {
  const [a, b] = [newCore(0), newCore(1)];
  const outsider = new Core(stranger.key, stranger.authority);
  outsider.own.publish(service("web"));
  b.applyRecords(missingRecords(outsider, NOTHING, ALL));
  equal(b.known.get(outsider.local), null);

  a.own.publish(service("web"));
  const honest = missingRecords(a, NOTHING, ALL);
  const [record] = honest.records;
  if (record?.body?.kind !== "signed") throw new Error("it is not signed");
  const { event, signature } = record.body.value;
  for (const part of ["event", "signature"] as const) {
    for (let bit = 0; bit < 8 * record.body.value[part].length; bit += 5) {
      const forged = { event: event.slice(), signature: signature.slice() };
      forged[part][bit >> 3]! ^= 1 << (bit & 7);
      const records: EventRecords["records"] = [{ body: { kind: "signed", value: forged } }];
      deepEqual(b.applyRecords({ ...honest, records }).applied, [], `${part}, bit ${bit}`);
    }
  }
  equal(b.applyRecords(honest).applied.length, 1);
});

Deno.test("the first signed word of an author makes void what others said in its name", () => {
  const [a, b] = [newCore(0), newCore(1)];
  const forged: GossipEvent[] = [
    { peerId: a.local, counter: 4_000n, deleted: false, change: service("forged") },
  ];
  b.apply(forged);
  deepEqual(servicesOf(b, a), ["forged"]);
  a.own.publish(service("web"));
  pull(b, a);
  deepEqual(servicesOf(b, a), ["web"]);
  for (const unsigned of [forged, a.missingFor(EMPTY)]) {
    deepEqual(b.apply(unsigned).applied, []);
    const records = unsigned.map((value) => ({ body: { kind: "unsigned" as const, value } }));
    deepEqual(b.applyRecords({ records, memberships: [], more: false }).applied, []);
  }
  deepEqual(servicesOf(b, a), ["web"]);
});

Deno.test("who signs is heard however much others made up, in its name and in many", () => {
  const [a, b] = [newCore(0), newCore(1)];
  const names = Array.from({ length: ATTRIBUTES_PER_AUTHOR_MAX }, (_, at) => service(`s${at}`));
  const forged = names.map((change, at) => event(a.local, BigInt(at + 1), change));
  equal(b.apply(forged).applied.length, ATTRIBUTES_PER_AUTHOR_MAX);
  const made = Array.from({ length: UNSIGNED_AUTHORS_MAX - 1 }, (_, at) => {
    const bytes = new Uint8Array(32);
    new DataView(bytes.buffer).setUint32(0, at + 1);
    return event(peerKeyFromBytes(bytes), 1n, service("web"));
  });
  equal(b.apply(made).applied.length, made.length);
  a.own.publish(service("web"));
  pull(b, a);
  deepEqual(servicesOf(b, a), ["web"]);
  const c = newCore(2);
  c.own.publish(service("db"));
  pull(b, c);
  deepEqual(servicesOf(b, c), ["db"]);
  // The first one signs now: there is room for one more who does not.
  const more = [event(key(0x77), 1n, service("web")), event(key(0x78), 1n, service("web"))];
  deepEqual(b.apply(more).applied, more.slice(0, 1));
});

Deno.test("what a node of pollen/1 said travels on, unsigned", () => {
  const [a, b] = [newCore(0), newCore(1)];
  const old = members[2]!.key;
  a.apply([{ peerId: old, counter: 1n, deleted: false, change: service("old") }]);
  pull(b, a);
  deepEqual([...b.known.get(old)!.services.keys()], ["old"]);
  deepEqual(digestOf(a).length, 32);
  equal(mayLack(a, summaryOf(b)), false);
});

Deno.test("an event that got lost is found although later ones came", () => {
  const [a, b] = [newCore(0), newCore(1)];
  a.own.publish(network("10.0.0.1"));
  pull(b, a);
  a.own.publish(service("lost"));
  const [later] = a.own.publish(service("later"));
  b.applyRecords({ records: [a.recordOf(later!)!], memberships: [], more: false });
  deepEqual(servicesOf(b, a), ["later"]);
  // The clock of pollen/1 says that nothing is missing.
  deepEqual(a.missingFor(b.clock()), []);
  equal(mayLack(b, summaryOf(a)), true);
  pull(b, a);
  deepEqual(servicesOf(b, a), ["later", "lost"]);
  deepEqual(digestOf(a), digestOf(b));
});

Deno.test("what is new is all that is sent to somebody who has the rest", () => {
  const [a, b] = [newCore(0), newCore(1)];
  for (let port = 1; port <= 50; port++) a.own.publish(service(`s${port}`, port));
  pull(b, a);
  const [added] = a.own.publish(service("new"));
  deepEqual(missingRecords(a, summaryOf(b), ALL), {
    records: [a.recordOf(added!)!],
    memberships: [],
    more: false,
  });
});

Deno.test("a state that is too large for one answer comes in several, and ends", () => {
  const [a, b, c] = [newCore(0), newCore(1), newCore(2)];
  for (const from of [a, b]) {
    for (let port = 1; port <= 40; port++) from.own.publish(service(`s${port}`, port));
  }
  pull(b, a);
  equal(pull(c, b, { bytesMax: 1_000 }), 2);
  deepEqual(digestOf(b), digestOf(c));
});

Deno.test("whoever knows nobody hears first who there is, and then whom they reach", () => {
  const [a, b, c] = [newCore(0), newCore(1), newCore(2)];
  for (const from of [a, b]) {
    for (let index = 0; index < 40; index++) from.own.publish(reaches(key(index + 1)));
    from.own.publish(network("10.0.0.1"));
  }
  pull(b, a);
  const first = missingRecords(b, summaryOf(c), { bytesMax: 2_000 });
  equal(first.more, true);
  c.applyRecords(first);
  deepEqual([a, b].map(({ local }) => c.known.get(local)?.ips), [["10.0.0.1"], ["10.0.0.1"]]);
  pull(c, b, { bytesMax: 2_000 });
  deepEqual(digestOf(b), digestOf(c));
});

Deno.test("a withdrawal that its author lost in a crash is said again, so that all keep the same", () => {
  const [a, b] = [newCore(0), newCore(1)];
  a.own.publish(service("web"));
  a.own.retract(service("web"));
  pull(b, a);
  const next = newCore(0);
  next.own.raiseCounter(a.own.counter + 1n);
  pull(next, b);
  pull(b, next);
  deepEqual(digestOf(next), digestOf(b));
  equal(mayLack(next, summaryOf(b)), false);
});

Deno.test("replicas converge over pollen/2, whatever was lost before, and nothing comes back", () => {
  type Step = (cores: Core[]) => void;
  const which = fc.nat(members.length - 1);
  const name = fc.constantFrom("a", "b", "c");
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(which, name, fc.integer({ min: 1, max: 3 })).map(([at, name, port]): Step => (cores) =>
      void cores[at]!.own.publish(service(name, port))
    ),
    fc.tuple(which, name).map(([at, name]): Step => (cores) =>
      void cores[at]!.own.retract(service(name))
    ),
    fc.tuple(which, which).map(([at, peer]): Step => (cores) =>
      void cores[at]!.own.publish(reaches(members[peer]!.key))
    ),
    // A crash loses all that was said and heard; its next life counts on from above that.
    which.map((at): Step => (cores) => {
      const { counter } = cores[at]!.own;
      cores[at] = newCore(at);
      cores[at].own.raiseCounter(counter + 1n);
    }),
    // One event of one replica reaches another one, the others do not.
    fc.tuple(which, which, fc.nat()).map(([from, to, chance]): Step => (cores) => {
      const { records, memberships } = missingRecords(cores[from]!, NOTHING, ALL);
      if (records.length === 0) return;
      const some = [records[chance % records.length]!];
      cores[to]!.applyRecords({ records: some, memberships, more: false });
    }),
    fc.tuple(which, which).map(([from, to]): Step => (cores) =>
      void pull(cores[to]!, cores[from]!)
    ),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const cores = members.map((_, index) => newCore(index));
      for (const step of steps) step(cores);
      for (let round = 0; round < 3; round++) {
        for (const from of cores) for (const to of cores) if (from !== to) pull(to, from);
      }
      for (const core of cores) {
        deepEqual(digestOf(core), digestOf(cores[0]!));
        for (const author of cores) {
          deepEqual(
            core.known.get(author.local)?.services ?? new Map(),
            author.known.local().services,
          );
        }
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("of two words under one number all keep the same, and a withdrawal before anything else", () => {
  const said = (...changes: ((core: Core) => void)[]): EventRecords => {
    const life = newCore(0);
    for (const change of changes) change(life);
    return missingRecords(life, NOTHING, ALL);
  };
  const first = said((core) => core.own.publish(service("web", 1)));
  const second = said((core) => core.own.publish(service("web", 2)));
  const removed = said(
    (core) => core.own.publish(service("web", 1)),
    (core) => core.own.retract(service("web", 1)),
  );
  const again = said(
    (core) => core.own.publish(service("db", 1)),
    (core) => core.own.publish(service("web", 3)),
  );
  for (const [one, other, services] of [[first, second, 1], [removed, again, 0]] as const) {
    const [b, c] = [newCore(1), newCore(2)];
    b.applyRecords(one);
    b.applyRecords(other);
    c.applyRecords(other);
    c.applyRecords(one);
    deepEqual(digestOf(b), digestOf(c));
    const ofWeb = servicesOf(b, newCore(0)).filter((name) => name === "web");
    equal(ofWeb.length, services);
  }
});

Deno.test("who was made to count on from afar is heard by those who missed it, and by himself", () => {
  const [a, b] = [newCore(0), newCore(1)];
  a.own.publish(service("web"));
  pull(b, a);
  // A liar says as much in a's name as a takes, twice; a puts it right each time, where b is away.
  for (let leaps = 1n; leaps <= 2n; leaps++) {
    a.apply([event(a.local, a.own.counter + COUNTER_JUMP_MAX, service("evil"))]);
  }
  a.own.publish(service("db"));
  equal(a.own.counter > 2n * COUNTER_JUMP_MAX, true);
  pull(b, a);
  deepEqual(servicesOf(b, a), ["db", "web"]);

  // Another life, which knows nothing of all this, is told by what it signed.
  const again = newCore(0);
  again.own.publish(service("new"));
  pull(again, b);
  pull(b, again);
  deepEqual(servicesOf(b, a), ["new"]);
});

Deno.test("the fingerprint is that of what is in force, whatever came and went before", () => {
  const [a, b] = [newCore(0), newCore(1)];
  const hashOf = (bytes: Uint8Array) =>
    new DataView(createHash("sha256").update(bytes).digest().buffer).getBigUint64(0);
  const check = (core: Core) => {
    const { records } = missingRecords(core, NOTHING, ALL);
    const bytes = records.map(({ body }) =>
      body?.kind === "signed" ? body.value.event : EMPTY_BYTES
    );
    const expected = bytes.reduce((sum, each) => sum ^ hashOf(each), 0n);
    const sum = summaryOf(core).positions.reduce(
      (sum, { fingerprint }) => sum ^ new DataView(fingerprint.buffer).getBigUint64(0),
      0n,
    );
    equal(sum, expected);
  };
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ name: fc.integer({ max: 5, min: 0 }), act: fc.integer({ max: 3, min: 0 }) }),
      ),
      (steps) => {
        for (const { name, act } of steps) {
          if (act === 0) a.own.retract(service(`s${name}`));
          else a.own.publish(service(`s${name}`, act + name));
          // Some changes are looked at one by one, others together.
          if (act === 3) [a, b].forEach((core) => (pull(b, a), check(core)));
        }
        pull(b, a);
        [a, b].forEach(check);
        deepEqual(digestOf(a), digestOf(b));
      },
    ),
  );
  const { signer } = root;
  const revocation = signer.issueRevocation(a.local, NOW);
  b.publishRevocation(revocation);
  check(b);
});

Deno.test("an event is known by its author and its number before it is read", () => {
  for (const counter of [1n, 127n, 128n, 1n << 40n, (1n << 63n) - 1n]) {
    const said: GossipEvent = {
      peerId: members[0]!.key,
      counter,
      deleted: false,
      change: service("web"),
    };
    deepEqual(eventName(encodeMemberEvent(said)), { author: members[0]!.key, counter });
  }
  const bytes = encodeMemberEvent({ ...event(members[0]!.key, 5n, service("web")) });
  equal(eventName(bytes.subarray(0, 34)), null);
  equal(eventName(new Uint8Array([0x0a, 31, ...bytes.subarray(2)])), null);
  equal(eventName(new Uint8Array([...bytes.subarray(0, 35), 0x80])), null);
});
