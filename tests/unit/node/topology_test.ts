// Who is connected with whom, when some say nothing, too much, or what is over.

import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { topologyOf } from "../../../lib/node/topology.ts";
import type { PeerKey } from "../../../lib/types/mod.ts";

const key = (name: string) => name as PeerKey;
const keys = (names: string) => new Set([...names].map(key));

function look(connected: string, said: Readonly<Record<string, string>>, linksMax = 100) {
  const { online, links, omittedCount } = topologyOf({
    local: key("a"),
    connected: keys(connected),
    said: new Map(Object.entries(said).map(([peer, others]) => [key(peer), keys(others)])),
  }, linksMax);
  return {
    online: [...online].sort().join(""),
    links: links.map((pair) => pair.join("")).sort().join(" "),
    omittedCount,
  };
}

Deno.test("our own sessions are links, whatever anybody says of us", () => {
  const seen = look("bc", { a: "d", b: "", c: "abd", d: "ac" });
  deepEqual(seen, { online: "abcd", links: "ab ac cd", omittedCount: 0 });
});

Deno.test("what one alone says of two is no link, and nobody who is gone is online", () => {
  // e was killed: it still says what it said, the others have taken theirs back. f and g are gone both.
  const said = { a: "b", b: "ac", c: "b", d: "", e: "abc", f: "g", g: "f" };
  deepEqual(look("b", said), { online: "abc", links: "ab bc", omittedCount: 0 });
});

Deno.test("alone, and connected with somebody of whom nothing is known yet", () => {
  deepEqual(look("", {}), { online: "a", links: "", omittedCount: 0 });
  deepEqual(look("b", { a: "" }), { online: "ab", links: "ab", omittedCount: 0 });
});

Deno.test("of too many links our own stay, and the rest is counted", () => {
  const all = "abcdef";
  const said = Object.fromEntries([...all].map((peer) => [peer, all.replace(peer, "")]));
  deepEqual(look("bcdef", said, 5), {
    online: all,
    links: "ab ac ad ae af",
    omittedCount: 10,
  });
});

Deno.test("each link is there once, between two who are online, whoever says what", () => {
  const names = "abcdefg";
  const some = fc.subarray([...names]).map((chosen) => chosen.join(""));
  fc.assert(fc.property(fc.array(some, { minLength: 7, maxLength: 7 }), some, (words, sessions) => {
    const said = Object.fromEntries([...names].map((peer, at) => [peer, words[at]!]));
    const { online, links } = look(sessions.replace("a", ""), said);
    const pairs = links.split(" ").filter(Boolean);
    deepEqual(new Set(pairs).size, pairs.length);
    for (const [from, to] of pairs) {
      ok(from! < to! && online.includes(from!) && online.includes(to!));
      const isOwn = from === "a" && sessions.includes(to!);
      ok(isOwn || from !== "a" && said[from!]!.includes(to!) && said[to!]!.includes(from!));
    }
  }));
});
