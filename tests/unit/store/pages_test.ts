// Agents' pages: signed by their authors, who must be members; the newest counts; bounded.

import { deepEqual, equal } from "node:assert/strict";
import { authorityOf } from "../../../lib/app/authority.ts";
import { systemClock } from "../../../lib/host/mod.ts";
import { AgentEntry, AgentPage, AgentSummary, type SignedPage } from "../../../lib/proto/mod.ts";
import { Pages } from "../../../lib/store/core_pages.ts";
import { encodeLinks, linkName } from "../../../lib/store/links.ts";
import type { Authority } from "../../../lib/store/mod.ts";
import {
  AGENT_PAGE_BYTES_MAX,
  AGENT_PAGES_BYTES_MAX,
  AGENT_PAGES_MAX,
  AGENT_PAGES_PER_AUTHOR_MAX,
  AGENTS_PER_PAGE_MAX,
  COUNTER_MAX,
  FRAME_BYTES_MAX,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  type WallMs,
} from "../../../lib/types/mod.ts";
import { DAY_MS, makeNode, makeRoot, NOW } from "../auth/fixtures.ts";

const clock = { ...systemClock, wallNow: () => NOW };
const root = await makeRoot(1);

async function memberOf(seed: number): Promise<{ key: PeerKey; authority: Authority }> {
  const { identity } = await makeNode(seed);
  const { signer, credentials: { trust } } = root;
  const cert = signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now: NOW });
  return { key: identity.peerKey, authority: authorityOf(identity, { cert, trust }, clock) };
}
const [alice, bob, carol] = [await memberOf(11), await memberOf(12), await memberOf(13)];

function pagesOf(member: typeof alice, members: readonly PeerKey[], revoked = new Set<PeerKey>()) {
  return new Pages({
    local: member.key,
    authority: member.authority,
    isMember: (peer) => members.includes(peer),
    isRevoked: (peer) => revoked.has(peer),
  });
}
const everybody = [alice.key, bob.key, carol.key];
const agent = (id: string, more: Partial<AgentEntry> = {}) => AgentEntry.create({ id, ...more });
const at = (ms: number) => NOW + ms as WallMs;
const ids = (pages: Pages, author: PeerKey, page: number) =>
  pages.get({ author, page })?.map(({ id }) => id) ?? null;
const ALL = { bytesMax: Infinity };

/** Gives one what it lacks of the other's; how many answers that took. */
function pull(to: Pages, from: Pages, options = ALL): number {
  for (let answers = 1;; answers++) {
    const { pages, more } = from.missing(to.summary(), options);
    to.apply(pages);
    if (!more) return answers;
  }
}

Deno.test("a page is known wherever it was heard, and the newest one counts", () => {
  const [a, b, c] = [alice, bob, carol].map((member) => pagesOf(member, everybody)) as [
    Pages,
    Pages,
    Pages,
  ];
  const changed: number[] = [];
  c.onChange(({ page }) => changed.push(page));
  const first = a.publish(1, [agent("x")], at(0))!;
  equal(a.publish(1, [agent("x")], at(1)), null, "what is known already is not said again");
  pull(b, a);
  pull(c, b);
  deepEqual(ids(c, alice.key, 1), ["x"]);
  // The clock went back.
  const second = a.publish(1, [agent("x"), agent("y")], at(-DAY_MS))!;
  a.publish(2, [agent("z")], at(2));
  equal(a.mayLack(c.summary()), false);
  equal(c.mayLack(a.summary()), true);
  pull(c, a);
  deepEqual(c.apply([first, second]), new Map(), "neither an old page nor the same one counts");
  deepEqual([ids(c, alice.key, 1), ids(c, alice.key, 2)], [["x", "y"], ["z"]]);
  deepEqual(c.digest(), a.digest());
  deepEqual(changed, [1, 1, 2]);
  a.publish(2, [], at(3));
  pull(c, a);
  deepEqual(ids(c, alice.key, 2), []);
});

Deno.test("what was said before a restart comes back, and is replaced with a higher counter", () => {
  const [a, b] = [pagesOf(alice, everybody), pagesOf(bob, everybody)];
  a.publish(1, [agent("x")], at(50_000));
  pull(b, a);
  const again = pagesOf(alice, everybody);
  const early = again.publish(1, [agent("y")], at(0))!;
  deepEqual(b.apply([early]), new Map());
  pull(again, b);
  deepEqual(ids(again, alice.key, 1), ["x"]);
  again.publish(1, [agent("y")], at(1));
  pull(b, again);
  deepEqual(ids(b, alice.key, 1), ["y"]);
});

Deno.test("a machine's sessions and what it has are one page, and each is changed without the other", () => {
  const [a, b] = [pagesOf(alice, everybody), pagesOf(bob, everybody)];
  const sessions = (rttMs: number) =>
    encodeLinks(new Map([[linkName(carol.key), { isRelayed: false, carrier: null, rttMs }]]));
  const heard = () => {
    pull(b, a);
    const rttMs = b.links(alice.key).get(linkName(carol.key))?.rttMs ?? 0;
    return [
      b.get({ author: alice.key, page: 0 })?.map(({ hostname }) => hostname),
      rttMs.toFixed(),
    ];
  };
  a.publishLinks(sessions(20), at(0));
  deepEqual(heard(), [[], "21"]);
  a.publish(0, [agent("", { hostname: "one" })], at(1));
  deepEqual(heard(), [["one"], "21"]);
  a.publishLinks(sessions(50), at(2));
  deepEqual(heard(), [["one"], "49"]);
  equal(a.publishLinks(sessions(50), at(3)), null);
  a.publish(1, [agent("x")], at(4));
  deepEqual(heard(), [["one"], "49"], "another page changes nothing of it");
  b.drop(alice.key);
  equal(b.links(alice.key).size, 0);
});

Deno.test("nobody is believed who is no member, was revoked, or did not sign", () => {
  const a = pagesOf(alice, everybody);
  const signed = a.publish(1, [agent("x")], at(0))!;
  deepEqual(pagesOf(bob, [bob.key]).apply([signed]), new Map());
  deepEqual(pagesOf(bob, everybody, new Set([alice.key])).apply([signed]), new Map());
  const b = pagesOf(bob, everybody);
  for (const part of ["page", "signature"] as const) {
    for (let bit = 0; bit < 8 * signed[part].length; bit += 3) {
      const forged = { page: signed.page.slice(), signature: signed.signature.slice() };
      forged[part][bit >> 3]! ^= 1 << (bit & 7);
      deepEqual(b.apply([forged]), new Map(), `${part}, bit ${bit}`);
    }
  }
  // A signature over an event is none over a page.
  const asEvent = { page: signed.page, signature: alice.authority.sign(signed.page) };
  deepEqual(b.apply([asEvent]), new Map());
  equal(b.apply([signed]).size, 1);
  b.drop(alice.key);
  equal(ids(b, alice.key, 1), null);
  deepEqual(b.digest(), pagesOf(bob, everybody).digest());
});

/** A page as its author signs it, whatever it says. */
function page(member: typeof alice, more: Partial<AgentPage>): SignedPage {
  const author = peerKeyBytes(member.key);
  const bytes = AgentPage.encode(AgentPage.create({ author, page: 1, counter: 1n, ...more }));
  return { page: bytes, signature: member.authority.signPage(bytes) };
}

Deno.test("pages beyond a bound are not taken", () => {
  const b = pagesOf(bob, everybody);
  const big = (bytes: number) => [agent("x", { hostname: "h".repeat(bytes) })];
  const beyond: Partial<AgentPage>[] = [
    { page: AGENT_PAGES_PER_AUTHOR_MAX },
    { counter: 0n },
    { counter: COUNTER_MAX },
    { agents: Array.from({ length: AGENTS_PER_PAGE_MAX + 1 }, (_, id) => agent(`${id}`)) },
    { agents: big(AGENT_PAGE_BYTES_MAX) },
  ];
  for (const one of beyond) deepEqual(b.apply([page(alice, one)]), new Map());
  deepEqual(b.apply([{ page: Uint8Array.of(0xff), signature: new Uint8Array(64) }]), new Map());
  const within: Partial<AgentPage>[] = [
    { page: AGENT_PAGES_PER_AUTHOR_MAX - 1, counter: COUNTER_MAX - 1n },
    { agents: Array.from({ length: AGENTS_PER_PAGE_MAX }, (_, id) => agent(`${id}`)) },
    { page: 2, agents: big(AGENT_PAGE_BYTES_MAX - 100) },
  ];
  for (const one of within) equal(b.apply([page(alice, one)]).size, 1);
});

Deno.test("all pages together are bounded, and their summary fits a frame", () => {
  const key = (number: number) => {
    const bytes = new Uint8Array(32).fill(0xff);
    new DataView(bytes.buffer).setUint32(0, number);
    return peerKeyFromBytes(bytes);
  };
  const believing = () =>
    new Pages({
      local: bob.key,
      authority: { signPage: () => new Uint8Array(64), verifyPage: () => true },
      isMember: () => true,
      isRevoked: () => false,
    });
  /** The bytes that are taken of so many pages of so many authors. */
  const fill = (pages: Pages, authors: number, perAuthor: number, agents: AgentEntry[] = []) => {
    const taken: number[] = [];
    for (let author = 0; author < authors; author++) {
      for (let number = 0; number < perAuthor; number++) {
        const page = AgentPage.encode({
          author: peerKeyBytes(key(author)),
          page: AGENT_PAGES_PER_AUTHOR_MAX - 1 - number,
          counter: COUNTER_MAX - 1n,
          agents,
        });
        if (pages.apply([{ page, signature: new Uint8Array(64) }]).size > 0) {
          taken.push(page.length);
        }
      }
    }
    return taken;
  };
  const many = believing();
  equal(fill(many, 1_000, 9).length, AGENT_PAGES_MAX);
  equal(AgentSummary.encode(many.summary()).length < FRAME_BYTES_MAX - 100, true);
  many.drop(key(0));
  equal(fill(many, 1, 100).length, 9, "what a revoked author had, others may have");

  const hostname = "h".repeat(AGENT_PAGE_BYTES_MAX - 100);
  const taken = fill(believing(), 9, AGENT_PAGES_PER_AUTHOR_MAX, [agent("x", { hostname })]);
  const bytes = taken.reduce((sum, length) => sum + length, 0);
  equal(bytes <= AGENT_PAGES_BYTES_MAX && bytes + taken[0]! > AGENT_PAGES_BYTES_MAX, true);
});

Deno.test("ten thousand agents come in several answers, and a change of one costs one page", () => {
  const [a, b] = [pagesOf(alice, everybody), pagesOf(bob, everybody)];
  const machine = (index: number) => agent(`a-${index}`, { hostname: `machine-${index}.example` });
  const count = 320;
  for (let page = 1; page <= count; page++) {
    const first = (page - 1) * AGENTS_PER_PAGE_MAX;
    const agents = Array.from({ length: AGENTS_PER_PAGE_MAX }, (_, i) => machine(first + i));
    a.publish(page, agents, at(0));
  }
  const options = { bytesMax: 65_536 };
  equal(pull(b, a, options) > 4, true);
  deepEqual(b.digest(), a.digest());
  a.publish(7, [], at(1));
  equal(a.missing(b.summary(), ALL).pages.length, 1);
  equal(pull(b, a, options), 1);
});
