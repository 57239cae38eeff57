// What a node says of its sessions: few bytes, right to a twentieth; nothing of what is malformed.

import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { Links } from "../../../lib/proto/mod.ts";
import {
  decodeLinks,
  encodeLinks,
  type LinkName,
  type SaidLink,
} from "../../../lib/store/links.ts";
import { LINKS_SAID_MAX } from "../../../lib/types/mod.ts";
import { goldenBytes } from "../../golden/golden.ts";
import { OTHER } from "../../golden/network.ts";

const names = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })
  .map((name) => name.toString(16).padStart(16, "0") as LinkName);
const rtts = fc.option(fc.double({ min: 0.1, max: 16_000, noNaN: true }));
const directs: fc.Arbitrary<SaidLink> = rtts
  .map((rttMs) => ({ isRelayed: false, carrier: null, rttMs }));
const relayeds: fc.Arbitrary<SaidLink> = fc.tuple(rtts, fc.option(names))
  .map(([rttMs, carrier]) => ({ isRelayed: true, carrier, rttMs }));
const linksOf = (bounds: fc.ArrayConstraints) =>
  fc.array(fc.tuple(names, fc.oneof(directs, relayeds)), bounds).map((all) => new Map(all));

Deno.test("what is said of links is what they are, in ten bytes or with a carrier in 17", () => {
  fc.assert(fc.property(linksOf({ maxLength: 30 }), (links) => {
    const encoded = encodeLinks(links);
    const said = decodeLinks(encoded);
    deepEqual([...said.keys()], [...links.keys()].sort());
    for (const [name, { isRelayed, carrier, rttMs }] of links) {
      const { rttMs: told, ...way } = said.get(name)!;
      deepEqual(way, { isRelayed, carrier });
      if (rttMs === null) equal(told, null);
      else ok(told !== null && Math.abs(told - rttMs) <= 0.05 * rttMs, `${rttMs}: ${told}`);
    }
    const relayed = [...links.values()].filter(({ isRelayed }) => isRelayed).length;
    equal(Links.encode(encoded).length <= 9 * links.size + 8 * relayed + 9, true);
  }));
});

Deno.test("the golden links say what they say", () => {
  const said = decodeLinks(Links.decode(goldenBytes("how sessions go")));
  const [direct, relayed] = [...said.values()];
  deepEqual([...said.keys()], ["0011223344556677", "8899aabbccddeeff"]);
  deepEqual([direct!.isRelayed, direct!.carrier, direct!.rttMs!.toFixed(3)], [
    false,
    null,
    "0.985",
  ]);
  const { publicKey } = OTHER;
  deepEqual(
    [relayed!.isRelayed, relayed!.carrier, relayed!.rttMs!.toFixed(1)],
    [true, publicKey.slice(0, 8).toHex(), "40.5"],
  );
});

Deno.test("round trips out of range are told as the nearest that can be", () => {
  const name = "00".repeat(8) as LinkName;
  const told = (rttMs: number) =>
    decodeLinks(encodeLinks(new Map([[name, { isRelayed: false, carrier: null, rttMs }]])))
      .get(name)!.rttMs!;
  equal(told(0.000_1), 0.1);
  equal(Math.round(told(Number.MAX_VALUE)), 16_424);
});

Deno.test("links whose lengths do not go together are none; so are too many", () => {
  fc.assert(fc.property(linksOf({ minLength: 1, maxLength: 5 }), (links) => {
    const { peers, paths, carriers } = encodeLinks(links);
    const more = (bytes: Uint8Array) => Uint8Array.of(...bytes, 0);
    const bad: Links[] = [
      { peers: peers.slice(1), paths, carriers },
      { peers, paths: more(paths), carriers },
      { peers, paths: paths.slice(1), carriers },
      { peers, paths, carriers: more(carriers) },
      { peers, paths: paths.map((path) => path ^ 0x80), carriers: Uint8Array.of(1) },
    ];
    for (const one of bad) equal(decodeLinks(one).size, 0);
  }));
  const flood = {
    peers: new Uint8Array(8 * (LINKS_SAID_MAX + 1)),
    paths: new Uint8Array(LINKS_SAID_MAX + 1),
    carriers: new Uint8Array(),
  };
  equal(decodeLinks(flood).size, 0);
  const own = new Map<LinkName, SaidLink>();
  for (let index = 0; index <= LINKS_SAID_MAX; index++) {
    const name = index.toString(16).padStart(16, "0") as LinkName;
    own.set(name, { isRelayed: false, carrier: null, rttMs: 1 });
  }
  equal(decodeLinks(encodeLinks(own)).size, LINKS_SAID_MAX, "the first ones are told");
});
