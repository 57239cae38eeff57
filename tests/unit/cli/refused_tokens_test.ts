// Every token that `pollen join` refuses without asking anybody: cut short or changed at any place,
// outdated, for somebody else, of somewhere else, too long. Each with its words and its exit code; the
// state folder has no membership afterwards. That no single bit can be changed is proved in
// tests/unit/auth/token_text_test.ts; tokens that only the other side can refuse are in
// tests/e2e/refusals_test.ts.

import assert from "node:assert/strict";
import {
  decodeToken,
  encodeInviteToken,
  encodeJoinToken,
  enrol,
  genIdentityKey,
  loadAdminSigner,
} from "../../../lib/auth/mod.ts";
import { systemDisk, systemRandom } from "../../../lib/host/mod.ts";
import type { PeerKey, WallMs } from "../../../lib/types/mod.ts";
import { bootstrapOf, flipBit, makeRoot, type Root, seededRandom } from "../auth/fixtures.ts";
import { inFolder, key, pollen } from "./support.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** `join` goes by the real time. */
const NOW = Date.now() as WallMs;
const at = (offsetMs: number) => NOW + offsetMs as WallMs;

const root = await rootNow(1);
const other = await rootNow(2);

/** A root whose certificate is valid now. */
async function rootNow(seed: number): Promise<Root> {
  const made = await makeRoot(seed);
  const random = seededRandom(seed + 100);
  const signer = await loadAdminSigner(made.disk, "/state", made.credentials, {
    now: at(-2 * HOUR_MS),
    random,
  });
  return { ...made, signer: signer! };
}

function invite(
  from: Root,
  change: { now?: WallMs; ttlMs?: number; subject?: PeerKey } = {},
): string {
  const bootstrap = bootstrapOf(from.identity);
  return encodeInviteToken(
    from.signer.issueInvite({ bootstrap, ttlMs: 5 * MINUTE_MS, now: NOW, ...change }),
  );
}

function joinToken(from: Root, subject: PeerKey, now = NOW): string {
  const cert = from.signer.issueMembership({ subject, ttlMs: HOUR_MS, now });
  const bootstrap = bootstrapOf(from.identity);
  return encodeJoinToken(from.signer.issueJoinToken({ cert, bootstrap, ttlMs: MINUTE_MS, now }));
}

const good = invite(root);

/** A change that keeps the text a token's, so that only its signatures tell. */
function flipped(text: string, byte: number): string {
  return flipBit(Uint8Array.fromBase64(text), byte * 8).toBase64();
}

/** What is given, the exit code, and what is said. */
const CASES: readonly [what: string, token: string, code: number, text: RegExp][] = [
  ["nothing", "", 2, /There is no token\. Give the token/],
  ["white space", " \n\t", 2, /There is no token\. Give the token/],
  ["a word", "hello", 1, /cut short|not a token.*Copy the whole token again/],
  ["a web address", "https://example.org/", 1, /not base64\. Something else was copied\. Copy/],
  ["one character less", good.slice(0, -1), 1, /cut short.*Copy the whole token again/],
  ["its first half", good.slice(0, good.length >> 1), 1, /cut short.*Copy the whole/],
  ["its second half", good.slice((good.length >> 3) << 2), 1, /not a token.*Copy the whole/],
  ["twice in a row", good + good, 1, /not a token|not base64/],
  ["another last byte", flipped(good, good.length * 3 / 4 - 8), 7, /signature invalid\. Copy/],
  ["a megabyte", "A".repeat(1 << 20), 1, /too long for a token/],
  [
    "an invite that has expired",
    invite(root, { now: at(-HOUR_MS) }),
    7,
    /expired or not yet valid\. It expired at .*Z\. Ask for a new one\./,
  ],
  [
    "an invite of the future",
    invite(root, { now: at(HOUR_MS) }),
    7,
    /It is not valid before .*Z\. Compare this machine's clock/,
  ],
  [
    "an invite for another key",
    invite(root, { subject: key("ab") }),
    7,
    /invite token subject mismatch\. It was made for another node's key; ask for one for yours\./,
  ],
  [
    "a join token for another key",
    joinToken(root, key("ab")),
    7,
    /membership cert subject mismatch/,
  ],
  ["a join token that has expired", joinToken(root, key("ab"), at(-HOUR_MS)), 7, /It expired at/],
];

for (const [what, token, code, text] of CASES) {
  Deno.test(`join refuses ${what}`, () =>
    inFolder(async (dir) => {
      const words = ["join", "-", "--no-start", "--dir", dir];
      const ran = await pollen(words, { stdin: () => Promise.resolve(token) });
      assert.equal(ran.code, code, ran.stderr);
      assert.equal(ran.stdout, "");
      assert.match(ran.stderr, text);
      assert.doesNotMatch(ran.stderr, /\n\s+at /);
      if (token.length > 40) {
        assert(!ran.stderr.includes(token.slice(0, 40)), "no token in an error");
      }
      const left = await systemDisk.list(`${dir}/keys`);
      assert.deepEqual(left.filter((name) => name.endsWith(".pb")), []);
    }));
}

Deno.test("join refuses a token of another network, and keeps its own", () =>
  inFolder(async (dir) => {
    const identity = await genIdentityKey(systemDisk, dir, systemRandom);
    const decoded = decodeToken(joinToken(root, identity.peerKey));
    assert(decoded.kind === "join");
    await enrol(systemDisk, dir, identity, decoded.token, NOW);
    const before = await systemDisk.read(`${dir}/keys/membership.cert.pb`, 10_000);
    for (const token of [invite(other), joinToken(other, identity.peerKey)]) {
      const ran = await pollen(["join", token, "--no-start", "--dir", dir]);
      assert.equal(ran.code, 1);
      assert.match(
        ran.stderr,
        /different cluster\. .*To leave the one for the other, add --switch/s,
      );
    }
    assert.deepEqual(await systemDisk.read(`${dir}/keys/membership.cert.pb`, 10_000), before);
  }));
