// When a node tells others how its sessions go: when that is news, and seldom.

import { deepEqual, equal } from "node:assert/strict";
import { AnnouncedLinks } from "../../../lib/node/announced_links.ts";
import { linkName } from "../../../lib/store/links.ts";
import { Pages } from "../../../lib/store/core_pages.ts";
import type { PeerKey, PeerPath, WallMs } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const key = (digit: string) => digit.repeat(64) as PeerKey;
const [me, bob, eve] = [key("a"), key("b"), key("e")];
const MINUTE_MS = 60_000;

function direct(rttMs: number): PeerPath {
  return {
    address: { ip: "192.0.2.1", port: 1 },
    carrier: null,
    since: 0 as WallMs,
    rttMs,
    packetsSent: 0,
    packetsLost: 0,
  };
}

function relayed(rttMs: number, carrier: PeerKey | null): PeerPath {
  return { ...direct(rttMs), address: null, carrier };
}

/** A node whose sessions are what the test says. */
function announcing() {
  const clock = new FakeClock(1_000_000);
  const agents = new Pages({
    local: me,
    authority: { signPage: () => new Uint8Array(64), verifyPage: () => true },
    isMember: () => true,
    isRevoked: () => false,
  });
  const paths = new Map<PeerKey, PeerPath | null>();
  const links = new AnnouncedLinks({
    store: { agents, local: me },
    mesh: { connectedPeers: () => [...paths.keys()], peerPath: (peer) => paths.get(peer) ?? null },
    clock,
  });
  const said = () =>
    [...agents.links(me)].map(([name, { isRelayed, carrier, rttMs }]) => [
      name,
      isRelayed ? carrier ?? "?" : "direct",
      Math.round(rttMs ?? 0),
    ]);
  const look = () => links.look() !== null;
  return { clock, paths, said, look };
}

Deno.test("a session, another way and another round trip are told; little changes are not", () => {
  const { clock, paths, said, look } = announcing();
  const changes: [string, PeerKey, PeerPath | null, boolean][] = [
    ["no session", bob, null, false],
    ["the first one", bob, direct(20), true],
    ["all the same", bob, direct(20), false],
    ["a little slower", bob, direct(24), false],
    ["much slower", bob, direct(27), true],
    ["faster", bob, direct(8), true],
    ["a little faster", bob, direct(6.8), false],
    ["over a carrier", bob, relayed(8, eve), true],
    ["over another one", bob, relayed(8, key("f")), true],
    ["over one that went", bob, relayed(8, null), true],
    ["another session", eve, direct(0.3), true],
    ["several times as slow, by little", eve, direct(2), false],
    ["a round trip that cannot be", eve, direct(NaN), false],
  ];
  for (const [name, peer, path, isTold] of changes) {
    clock.advance(MINUTE_MS);
    paths.set(peer, path);
    equal(look(), isTold, name);
  }
  deepEqual(said(), [[linkName(bob), "?", 8], [linkName(eve), "direct", 0]]);
  // That a session ended is told otherwise.
  clock.advance(MINUTE_MS);
  paths.delete(bob);
  equal(look(), false);
});

Deno.test("nothing is told within a minute of the last time, whatever happens; what is new then, is", () => {
  const { clock, paths, said, look } = announcing();
  paths.set(bob, direct(1));
  equal(look(), true);
  for (let ms = 0; ms < MINUTE_MS; ms += 10_000) {
    paths.set(bob, relayed(ms, eve));
    equal(look(), false, `${ms} ms later`);
    clock.advance(10_000);
  }
  equal(look(), true);
  deepEqual(said(), [[linkName(bob), linkName(eve), 16_424]]);
});

Deno.test("who has many sessions tells of them less often", () => {
  const { clock, paths, look } = announcing();
  for (let index = 0; index < 100; index++) {
    paths.set(index.toString(16).padStart(2, "0").repeat(32) as PeerKey, direct(1));
  }
  equal(look(), true);
  paths.set(bob, direct(1));
  clock.advance(299_999);
  equal(look(), false);
  clock.advance(1);
  equal(look(), true);
});
