// Batches of events: nothing is lost, the order stays, and each fits the first packets of a session.

import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { eventEnvelopes } from "../../../lib/node/batches.ts";
import { Envelope, type GossipEvent } from "../../../lib/proto/mod.ts";
import { EVENT_BATCH_BYTES } from "../../../lib/types/mod.ts";
import { BOB, event, network, reaches, service } from "../store/fixtures.ts";

function eventsOf({ body }: Envelope): readonly GossipEvent[] {
  return body?.kind === "events" ? body.value.events : [];
}

const anyEvent = fc.oneof(
  fc.tuple(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), fc.string({ maxLength: 64 }))
    .map(([counter, name]) => event(BOB, counter, service(name))),
  fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })
    .map((counter) => event(BOB, counter, reaches(BOB), true)),
  // Up to three times what a batch may have.
  fc.nat(3 * EVENT_BATCH_BYTES).map((length) => event(BOB, 1n, network("x".repeat(length)))),
);

Deno.test("all events travel, in order, and only one that is too large for any batch exceeds it", () => {
  fc.assert(fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
    const envelopes = eventEnvelopes(events);
    deepEqual(envelopes.flatMap(eventsOf), events);
    for (const envelope of envelopes) {
      const { length } = Envelope.encode(envelope);
      ok(eventsOf(envelope).length > 0);
      ok(length <= EVENT_BATCH_BYTES || eventsOf(envelope).length === 1, `${length} bytes`);
    }
  }));
});

Deno.test("small events share a batch", () => {
  const events = Array.from({ length: 100 }, (_, at) => event(BOB, BigInt(at), service("web")));
  const bytes = events.reduce(
    (sum, each) => sum + Envelope.encode(eventEnvelopes([each])[0]!).length,
    0,
  );
  const envelopes = eventEnvelopes(events);
  ok(envelopes.length <= Math.ceil(bytes / EVENT_BATCH_BYTES) + 1, `${envelopes.length} batches`);
});

Deno.test("no events, no envelope", () => {
  equal(eventEnvelopes([]).length, 0);
});
