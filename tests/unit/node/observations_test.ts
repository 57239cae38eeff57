// Where the others see this node: two have to agree, and nobody alone moves anything against others.

import { deepEqual } from "node:assert/strict";
import { Observations } from "../../../lib/node/observations.ts";
import type { PeerKey } from "../../../lib/types/mod.ts";

const peers = [..."abcdef"].map((letter) => letter.repeat(64) as PeerKey);
const HOME = { ip: "8.8.4.4", port: 1_000 };
const ELSEWHERE = { ip: "9.9.9.9", port: 9 };

/** What is agreed on after each peer in turn said its word. */
function after(...words: readonly string[]): ReturnType<typeof observed> {
  return observed(new Observations(), words);
}

function observed(seen: Observations, words: readonly string[]) {
  words.forEach((word, index) => seen.note(peers[index]!, `192.0.2.${index}`, word));
  return seen.addresses;
}

Deno.test("one peer's word counts while nobody says otherwise", () => {
  deepEqual(after(), []);
  deepEqual(after("8.8.4.4:1000"), [HOME]);
  const seen = new Observations();
  observed(seen, ["8.8.4.4:1000"]);
  deepEqual(observed(seen, ["9.9.9.9:9"]), [ELSEWHERE], "its newest word");
});

Deno.test("two have to agree before anything changes", () => {
  const [one, other] = ["8.8.4.4:1000", "9.9.9.9:9"];
  deepEqual(after(one, other), [HOME]);
  deepEqual(after(one, other, "1.1.1.1:1"), [HOME], "three of three minds");
  deepEqual(after(one, other, other), [ELSEWHERE]);
  deepEqual(after(one, other, other, one), [ELSEWHERE], "a tie changes nothing");
  deepEqual(after(one, other, other, one, one), [HOME]);
});

Deno.test("each family of addresses is agreed on by itself", () => {
  const v6 = { ip: "2a00:1450::1", port: 2_000 };
  deepEqual(after("[2a00:1450::1]:2000", "8.8.4.4:1000"), [HOME, v6]);
  deepEqual(after("8.8.4.4:1000", "[2a00:1450::1]:2000", "[2a00:1450::1]:2000", "9.9.9.9:9"), [
    HOME,
    v6,
  ]);
});

Deno.test("behind a router with a port for each peer the address is known and no port is", () => {
  deepEqual(after("9.9.9.9:9", "8.8.4.4:1000", "8.8.4.4:1001"), [{ ip: "8.8.4.4", port: 0 }]);
  deepEqual(after("8.8.4.4:1000", "8.8.4.4:1001"), [HOME], "one of two may lie about the port");
});

Deno.test("the word of a peer that is gone no longer counts, but the last answer stays", () => {
  const seen = new Observations();
  observed(seen, ["8.8.4.4:1000", "9.9.9.9:9"]);
  seen.forget(peers[0]!);
  deepEqual(seen.addresses, [ELSEWHERE]);
  seen.forget(peers[1]!);
  deepEqual(seen.addresses, [ELSEWHERE]);
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
    seen.note(peers[0]!, "192.0.2.1", text);
  }
  deepEqual(seen.addresses, []);
});
