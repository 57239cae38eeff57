// Bytes that no honest encoder wrote: whatever comes, the answer is a message or a PollenError.

import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  type Codec,
  Envelope,
  GossipEvent,
  GossipEventBatch,
  GossipVectorClock,
  Service,
  SignedRevocation,
} from "../../../lib/proto/mod.ts";
import { PollenError } from "../../../lib/types/mod.ts";
import { CODECS as CODECS_BY_NAME, goldenEntries } from "../../golden/golden.ts";

const CODECS = [...CODECS_BY_NAME.values()];
const GOLDEN = goldenEntries().filter(({ type }) => type !== "");

const codecOf = (type: string) => CODECS_BY_NAME.get(type)!;

/** The message, or null for a PollenError; anything else is thrown on. */
function tryDecode(codec: Codec<object>, bytes: Uint8Array): object | null {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (error instanceof PollenError) return null;
    throw error;
  }
}

const isMalformed = (error: unknown) => error instanceof PollenError && error.code === "malformed";
const isTooLarge = (error: unknown) => error instanceof PollenError && error.code === "too_large";

Deno.test("a message cut off anywhere is a shorter message or malformed", () => {
  for (const { type, bytes } of GOLDEN) {
    for (let length = 0; length < bytes.length; length++) {
      const message = tryDecode(codecOf(type), bytes.subarray(0, length));
      if (message !== null) deepEqual(codecOf(type).encode(message).length <= length, true);
    }
  }
});

Deno.test("random bytes give a message or a PollenError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...CODECS), (bytes, codec) => {
      tryDecode(codec, bytes);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a golden message with some bytes changed gives a message or a PollenError", () => {
  const change = fc.tuple(fc.nat(), fc.nat(255));
  fc.assert(
    fc.property(
      fc.constantFrom(...GOLDEN),
      fc.array(change, { minLength: 1, maxLength: 8 }),
      ({ type, bytes: original }, changes) => {
        const bytes = original.slice();
        if (bytes.length === 0) return;
        for (const [place, value] of changes) bytes[place % bytes.length] = value;
        tryDecode(codecOf(type), bytes);
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("what was decoded encodes to bytes that decode to the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...CODECS), (bytes, codec) => {
      const message = tryDecode(codec, bytes);
      if (message !== null) deepEqual(codec.decode(codec.encode(message)), message);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("64-bit numbers survive whole", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (counter) => {
      const event = GossipEvent.create({ counter });
      equal(GossipEvent.decode(GossipEvent.encode(event)).counter, counter);
    }),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (certExpiryUnix) => {
      const value = { identityPub: new Uint8Array(), certExpiryUnix };
      const event = GossipEvent.create({ change: { kind: "identityPub", value } });
      deepEqual(GossipEvent.decode(GossipEvent.encode(event)).change, event.change);
    }),
  );
});

Deno.test("an unknown field of every wire type is ignored", () => {
  const known = Service.encode({ name: "web", port: 80 }).toHex();
  const unknown = [
    "f80601", // field 111: varint
    "f9060102030405060708", // 64 bits
    "fa0603616263", // three bytes
    "fd0601020304", // 32 bits
  ];
  for (const hex of unknown) {
    deepEqual(Service.decode(Uint8Array.fromHex(hex + known)), { name: "web", port: 80 });
    deepEqual(Service.decode(Uint8Array.fromHex(known + hex)), { name: "web", port: 80 });
  }
});

Deno.test("a body of an unknown kind leaves the envelope without one", () => {
  deepEqual(Envelope.decode(Uint8Array.fromHex("fa0600")), {});
});

Deno.test("groups, field 0 and reserved wire types are malformed", () => {
  for (const hex of ["0b0c", "0001", "0e", "0f", "04"]) {
    throws(() => Service.decode(Uint8Array.fromHex(hex)), isMalformed, hex);
  }
});

Deno.test("a varint of eleven bytes and text that is no UTF-8 are malformed", () => {
  throws(() => GossipEvent.decode(Uint8Array.fromHex("10" + "80".repeat(10) + "01")), isMalformed);
  throws(() => Service.decode(Uint8Array.fromHex("0a01ff")), isMalformed);
});

Deno.test("a length that overlaps the end of its message is malformed", () => {
  // An inner message of 2 bytes whose field claims 5.
  throws(() => GossipEventBatch.decode(Uint8Array.fromHex("0a020a056162636465")), isMalformed);
});

Deno.test("the limit on bytes is exact", () => {
  const bytes = Service.encode({ name: "web", port: 80 });
  deepEqual(Service.decode(bytes, { bytes: bytes.length }), { name: "web", port: 80 });
  throws(() => Service.decode(bytes, { bytes: bytes.length - 1 }), isTooLarge);
});

Deno.test("the limit on elements counts all lists and maps of a message together", () => {
  const ips = ["10.0.0.1", "10.0.0.2"];
  const network = GossipEvent.create({
    change: { kind: "network", value: { ips, localPort: 1 } },
  });
  const bytes = GossipEventBatch.encode({ events: [network, network] });
  equal(GossipEventBatch.decode(bytes, { elements: 6 }).events.length, 2);
  throws(() => GossipEventBatch.decode(bytes, { elements: 5 }), isTooLarge);

  const clock = GossipVectorClock.encode({ counters: new Map([["a", 1n], ["b", 2n]]) });
  equal(GossipVectorClock.decode(clock, { elements: 2 }).counters.size, 2);
  throws(() => GossipVectorClock.decode(clock, { elements: 1 }), isTooLarge);
});

Deno.test("without limits a message of more than 65,536 elements or 1 MiB is too large", () => {
  const empty = "0a00";
  equal(GossipEventBatch.decode(Uint8Array.fromHex(empty.repeat(65_536))).events.length, 65_536);
  throws(() => GossipEventBatch.decode(Uint8Array.fromHex(empty.repeat(65_537))), isTooLarge);
  throws(() => Service.decode(new Uint8Array(2 ** 20 + 1)), isTooLarge);
});

Deno.test("decoded bytes are a copy, not a view of the input", () => {
  const revocation = { signature: new Uint8Array([1, 2, 3]) };
  const input = SignedRevocation.encode(revocation);
  const decoded = SignedRevocation.decode(input);
  input.fill(9);
  deepEqual(decoded, revocation);
});
