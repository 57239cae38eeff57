// The keys of relayed flows: both sides derive the same, and no two flows or directions share one.

import { deepEqual, equal } from "node:assert/strict";
import { relayLeg } from "../../../lib/mesh/relay_keys.ts";
import type { Session } from "../../../lib/types/mod.ts";

const secret = Uint8Array.from({ length: 32 }, (_, index) => index);
const dialled = { secret, inbound: false } as Session;
const accepted = { secret, inbound: true } as Session;

Deno.test("an end and its carrier derive the same keys, whichever of them dialled", () => {
  for (const [end, carrier] of [[dialled, accepted], [accepted, dialled]] as const) {
    const [ours, theirs] = [relayLeg(end, 7, "end"), relayLeg(carrier, 7, "carrier")];
    deepEqual([ours.sendKey, ours.sendTag], [theirs.receiveKey, theirs.receiveTag]);
    deepEqual([ours.receiveKey, ours.receiveTag], [theirs.sendKey, theirs.sendTag]);
    deepEqual([ours.sendKey.length, ours.sendTag.length], [16, 8]);
  }
});

Deno.test("each direction, flow, carrier and session has keys of its own", () => {
  const other = { secret: secret.toReversed(), inbound: false } as Session;
  const legs = [
    relayLeg(dialled, 1, "end"),
    relayLeg(dialled, 2, "end"),
    relayLeg(dialled, 2 ** 32 - 1, "end"),
    relayLeg(dialled, 1, "carrier"),
    relayLeg(other, 1, "end"),
  ];
  const keys = legs.flatMap(({ sendKey, receiveKey }) => [sendKey.toHex(), receiveKey.toHex()]);
  equal(new Set(keys).size, keys.length);
  const tags = legs.flatMap(({ sendTag, receiveTag }) => [sendTag.toHex(), receiveTag.toHex()]);
  equal(new Set(tags).size, tags.length);
});

Deno.test("keys are those that the document describes", () => {
  // HMAC-SHA256 over "pollen/2 relay accepted to carrier" and 00000007, by OpenSSL.
  const { sendKey, sendTag } = relayLeg(dialled, 7, "end");
  deepEqual([sendKey.toHex(), sendTag.toHex()], [
    "272feb1c71cc5a334072dce33499249e",
    "7374740eb8a079c5",
  ]);
});
