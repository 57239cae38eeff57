// Laws of the replicated state, for arbitrary histories and arbitrary deliveries.

import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { type GossipEvent } from "../../../lib/proto/mod.ts";
import { Core } from "../../../lib/store/core.ts";
import { restore, takeSnapshot } from "../../../lib/store/core_restore.ts";
import type { PeerKey } from "../../../lib/types/mod.ts";
import {
  accessible,
  authority,
  EMPTY,
  event,
  key,
  network,
  reaches,
  revocation,
  service,
} from "./fixtures.ts";

const KEYS = [1, 2, 3].map(key);
const OUTSIDER = key(9);

/** What a node may do, as a function of its core that gives the events to send. */
type Action = (core: Core) => GossipEvent[];

const port = fc.integer({ min: 1, max: 3 });
const actions: fc.Arbitrary<Action> = fc.oneof(
  port.map((port): Action => (core) => core.own.publish(network(`10.0.0.${port}`, port))),
  fc.tuple(fc.constantFrom("a", "b"), port).map(([name, port]): Action => (core) =>
    core.own.publish(service(name, port))
  ),
  fc.constantFrom("a", "b").map((name): Action => (core) => core.own.retract(service(name))),
  fc.constantFrom(...KEYS).map((peer): Action => (core) => core.own.publish(reaches(peer))),
  fc.constantFrom(...KEYS).map((peer): Action => (core) => core.own.retract(reaches(peer))),
  fc.boolean().map((isOn): Action => (core) =>
    isOn ? core.own.publish(accessible) : core.own.retract(accessible)
  ),
);
const revoking: fc.Arbitrary<Action> = fc.constantFrom(...KEYS, OUTSIDER).map(
  (subject): Action => (core) => core.publishRevocation(revocation(subject)),
);

/** Some node acts; what it says reaches nobody yet. */
const history = (action: fc.Arbitrary<Action>) =>
  fc.array(fc.tuple(fc.nat(KEYS.length - 1), action), { maxLength: 30 });

/** Which of all events reaches which node, in this order, some twice, some never. */
const deliveries = fc.array(fc.tuple(fc.nat(KEYS.length - 1), fc.nat()), { maxLength: 80 });

function network3(): Core[] {
  return KEYS.map((peer) => restore(peer, authority(), null));
}

function play(cores: readonly Core[], steps: readonly [number, Action][]): GossipEvent[] {
  const said = cores.flatMap((core) => core.missingFor(EMPTY));
  for (const [index, action] of steps) said.push(...action(cores[index]!));
  return said;
}

function view(core: Core): unknown {
  return {
    nodes: [...core.known.all().values()],
    revoked: core.revocations().map(([subject]) => subject),
  };
}

/** Everybody gives everybody all they have until nobody learns anything. */
function exchangeFully(cores: readonly Core[]): void {
  for (let round = 0; round < 10; round++) {
    let learned = 0;
    for (const from of cores) {
      for (const to of cores) {
        const { applied, rebroadcast } = to.apply(from.missingFor(EMPTY));
        learned += applied.length + rebroadcast.length;
      }
    }
    if (learned === 0) return;
  }
  throw new Error("the exchange does not come to an end");
}

Deno.test("replicas converge, in whatever order and however often events came before", () => {
  const action = fc.oneof({ weight: 6, arbitrary: actions }, { weight: 1, arbitrary: revoking });
  fc.assert(
    fc.property(history(action), deliveries, (steps, delivered) => {
      const cores = network3();
      const said = play(cores, steps);
      for (const [to, which] of delivered) cores[to]!.apply([said[which % said.length]!]);
      exchangeFully(cores);
      for (const core of cores) deepEqual(view(core), view(cores[0]!));
    }),
    { numRuns: 300 },
  );
});

Deno.test("a batch means the same as its events one by one, in any order", () => {
  fc.assert(fc.property(history(actions), fc.infiniteStream(fc.nat()), (steps, chance) => {
    const cores = network3();
    const said = play(cores, steps);
    const shuffled = said
      .map((event) => ({ event, order: chance.next().value as number }))
      .sort((a, b) => a.order - b.order)
      .map(({ event }) => event);
    const [batched, single] = [new Core(OUTSIDER, authority()), new Core(OUTSIDER, authority())];
    batched.apply(said);
    for (const event of shuffled) single.apply([event]);
    deepEqual(view(single), view(batched));
    deepEqual(single.clock(), batched.clock());
    deepEqual(single.missingFor(EMPTY), batched.missingFor(EMPTY));
  }));
});

Deno.test("applying again what was applied changes nothing", () => {
  fc.assert(fc.property(history(actions), deliveries, (steps, delivered) => {
    const said = play(network3(), steps);
    const core = new Core(OUTSIDER, authority());
    core.apply(said);
    const before = [view(core), core.clock(), core.missingFor(EMPTY)];
    for (const [, which] of delivered) {
      deepEqual(core.apply([said[which % said.length]!]), {
        rebroadcast: [],
        applied: [],
        revoked: [],
      });
    }
    deepEqual([view(core), core.clock(), core.missingFor(EMPTY)], before);
  }));
});

Deno.test("what its author deleted stays deleted, whatever older event arrives", () => {
  fc.assert(fc.property(history(actions), deliveries, (steps, delivered) => {
    const [author] = network3();
    const said = play([author!], steps.map(([, action]) => [0, action]));
    const core = new Core(OUTSIDER, authority());
    core.apply(author!.missingFor(EMPTY));
    for (const [, which] of delivered) core.apply([said[which % said.length]!]);
    deepEqual(core.known.get(author!.local), author!.known.get(author!.local));
  }));
});

Deno.test("no clock entry ever decreases", () => {
  const action = fc.oneof({ weight: 6, arbitrary: actions }, { weight: 1, arbitrary: revoking });
  fc.assert(fc.property(history(action), deliveries, (steps, delivered) => {
    const cores = network3();
    const said = play(cores, steps);
    for (const [to, which] of delivered) {
      const core = cores[to]!;
      const before = core.clock().counters;
      core.apply([said[which % said.length]!]);
      const after = core.clock().counters;
      for (const [peer, counter] of before) equal(after.get(peer)! >= counter, true);
    }
  }));
});

Deno.test("what is missing for a clock closes the gap, in the order of counters", () => {
  const cuts = fc.array(fc.nat(), { minLength: 3, maxLength: 3 });
  fc.assert(fc.property(history(actions), cuts, (steps, cuts) => {
    const cores = network3();
    play(cores, steps);
    const full = new Core(OUTSIDER, authority());
    for (const core of cores) full.apply(core.missingFor(EMPTY));
    // The other one was told a beginning of what each author said.
    const partial = new Core(OUTSIDER, authority());
    for (const [index, core] of cores.entries()) {
      const events = core.missingFor(EMPTY);
      partial.apply(events.slice(0, cuts[index]! % (events.length + 1)));
    }
    const missing = full.missingFor(partial.clock());
    partial.apply(missing);
    deepEqual(view(partial), view(full));
    deepEqual(partial.clock(), full.clock());
    deepEqual(full.missingFor(partial.clock()), []);
  }));
});

Deno.test("a restart loses no service and leaves no ghost, whatever was saved before the crash", () => {
  fc.assert(
    fc.property(history(actions), history(actions), (saved, unsaved) => {
      const me = KEYS[0]!;
      const others = network3().slice(1);
      const own = (steps: readonly [number, Action][]) =>
        steps.map(([, action]): [number, Action] => [0, action]);
      const first = restore(me, authority(), null);
      for (const other of others) other.apply(play([first], own(saved)));
      const snapshot = takeSnapshot(first);
      const services = first.known.local().services;
      for (const other of others) other.apply(play([first], own(unsaved)));

      const second = restore(me, authority(), snapshot);
      deepEqual(second.known.local().services, services);
      equal(second.known.local().reachable.size, 0);
      exchangeFully([second, ...others]);
      for (const other of others) {
        deepEqual(ofRun(other, me), ofRun(second, me));
      }
    }),
    { numRuns: 300 },
  );
});

/** What a run must set anew: everything but the addresses, which the next run sets at once. */
function ofRun(core: Core, peer: PeerKey): unknown {
  const { services, reachable, publiclyAccessible, externalPort } = core.known.get(peer)!;
  return { services, reachable, publiclyAccessible, externalPort };
}

Deno.test("arbitrary events never throw, and never make us say anything but our own", () => {
  const wild = fc.record({
    peerId: fc.oneof(fc.constantFrom<string>(...KEYS), fc.string()),
    counter: fc.oneof(
      fc.bigInt({ min: 0n, max: 40n }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
    deleted: fc.boolean(),
    change: fc.option(
      fc.oneof(
        fc.record({
          kind: fc.constant("network" as const),
          value: fc.record({
            ips: fc.array(fc.oneof(fc.ipV4(), fc.string())),
            localPort: fc.nat(),
          }),
        }),
        fc.record({
          kind: fc.constant("service" as const),
          value: fc.record({ name: fc.string(), port: fc.nat(70_000) }),
        }),
        fc.record({
          kind: fc.constant("reachability" as const),
          value: fc.record({ peerId: fc.oneof(fc.constantFrom<string>(...KEYS), fc.string()) }),
        }),
        fc.record({
          kind: fc.constant("identityPub" as const),
          value: fc.record({ identityPub: fc.uint8Array(), certExpiryUnix: fc.bigInt() }),
        }),
        fc.constantFrom(
          { kind: "revocation" as const, value: {} },
          { kind: "revocation" as const, value: { revocation: { signature: new Uint8Array() } } },
          { kind: "revocation" as const, value: { revocation: revocation(OUTSIDER, "nobody") } },
          accessible,
        ),
      ),
      { nil: undefined },
    ),
  });
  fc.assert(fc.property(fc.array(wild, { maxLength: 40 }), (events) => {
    const core = restore(KEYS[0]!, authority(), null);
    core.own.publish(service("mine"));
    const { rebroadcast } = core.apply(events);
    for (const { peerId } of rebroadcast) equal(peerId, core.local);
    deepEqual([...core.known.local().services], [["mine", 8_080]]);
    equal(core.known.local().reachable.size, 0);
    deepEqual(core.revocations(), []);
    const other = new Core(OUTSIDER, authority());
    other.apply(core.missingFor(EMPTY));
    deepEqual(other.known.get(KEYS[0]!)!.services, core.known.local().services);
  }));
});

Deno.test("an event in a foreign name is nobody's business but its author's", () => {
  const core = restore(KEYS[0]!, authority(), null);
  core.apply([event(KEYS[1]!, 1n, service("web"))]);
  deepEqual(core.own.counter, 1n);
});
