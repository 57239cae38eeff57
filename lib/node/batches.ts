// Splitting events into datagrams: each batch fits the smallest packet that a session starts with.

import { type Envelope, GossipEvent } from "../proto/mod.ts";
import { asPollen1 } from "../store/mod.ts";
import { EVENT_BATCH_BYTES } from "../types/mod.ts";

/** Tag and length before an event in a batch, and before the batch in its envelope, at their largest. */
const FRAMING_BYTES = 4;

/** Envelopes with all the events as pollen/1 knows them, in order. An event that is too large for any batch travels alone. */
export function eventEnvelopes(events: readonly GossipEvent[]): Envelope[] {
  const envelopes: Envelope[] = [];
  let batch: GossipEvent[] = [];
  let bytes = FRAMING_BYTES;
  const flush = () => {
    if (batch.length > 0) envelopes.push({ body: { kind: "events", value: { events: batch } } });
    batch = [];
    bytes = FRAMING_BYTES;
  };
  for (const event of events.map(asPollen1)) {
    const size = GossipEvent.encode(event).length + FRAMING_BYTES;
    if (bytes + size > EVENT_BATCH_BYTES) flush();
    batch.push(event);
    bytes += size;
  }
  flush();
  return envelopes;
}
