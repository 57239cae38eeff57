// Where the others see this node: the majority's word, and nobody's alone against it.

import { deepEqual, equal } from "node:assert/strict";
import { Observations } from "../../../lib/node/observations.ts";
import type { PeerKey } from "../../../lib/types/mod.ts";

const peers = [..."abcdef"].map((letter) => letter.repeat(64) as PeerKey);
const [a, b, c, d] = peers as [PeerKey, PeerKey, PeerKey, PeerKey];

Deno.test("one peer's word counts while nobody says otherwise", () => {
  const seen = new Observations();
  equal(seen.address, null);
  seen.note(a, "8.8.4.4:1000");
  deepEqual(seen.address, { ip: "8.8.4.4", port: 1000 });
  seen.note(a, "[2a00:1450::1]:2000");
  deepEqual(seen.address, { ip: "2a00:1450::1", port: 2000 });
});

Deno.test("one liar among three moves nothing, and a tie changes nothing", () => {
  const seen = new Observations();
  seen.note(a, "8.8.4.4:1000");
  seen.note(b, "9.9.9.9:9");
  deepEqual(seen.address, { ip: "8.8.4.4", port: 1000 });
  seen.note(c, "8.8.4.4:1000");
  deepEqual(seen.address, { ip: "8.8.4.4", port: 1000 });
  seen.note(d, "9.9.9.9:9");
  deepEqual(seen.address, { ip: "8.8.4.4", port: 1000 });
});

Deno.test("the word of a peer that is gone no longer counts, but the last answer stays", () => {
  const seen = new Observations();
  seen.note(a, "8.8.4.4:1000");
  seen.note(b, "9.9.9.9:9");
  seen.forget(a);
  deepEqual(seen.address, { ip: "9.9.9.9", port: 9 });
  seen.forget(b);
  deepEqual(seen.address, { ip: "9.9.9.9", port: 9 });
});

Deno.test("what is no public address is ignored", () => {
  const seen = new Observations();
  for (
    const text of [
      "",
      "10.0.0.1:5",
      "127.0.0.1:5",
      "8.8.8.8",
      "8.8.8.8:0",
      "8.8.8.8:65536",
      "host:5",
      "[fe80::1]:5",
      "x".repeat(10_000),
    ]
  ) {
    seen.note(a, text);
  }
  equal(seen.address, null);
});
