// Each invite for one key, noted before it is answered, whatever the disk does.

import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { ConsumedInvites } from "../../../lib/config/mod.ts";
import { InviteToken, InviteTokenClaims } from "../../../lib/proto/mod.ts";
import { parsePeerKey, PollenError, type WallMs } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";

const DIR = "/state";
const PATH = "/state/consumed_invites.json";
const NOW_SECONDS = 1_800_000_000;
const NOW = NOW_SECONDS * 1000 as WallMs;
const ALICE = parsePeerKey("aa".repeat(32));
const BOB = parsePeerKey("bb".repeat(32));

function invite(tokenId: string, lifeSeconds = 300): InviteToken {
  const expiresAtUnix = BigInt(NOW_SECONDS + lifeSeconds);
  return InviteToken.create({ claims: InviteTokenClaims.create({ tokenId, expiresAtUnix }) });
}

function later(seconds: number): WallMs {
  return NOW + seconds * 1000 as WallMs;
}

/** Gives a new answer to each first request, and the same one afterwards. */
function answers(): (earlier: Uint8Array | null) => Uint8Array {
  let count = 0;
  return (earlier) => earlier ?? Uint8Array.of(++count);
}

Deno.test("one key gets the same answer every time, another key none", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  const answer = answers();
  deepEqual(await consumed.tryConsume(invite("t"), ALICE, NOW, answer), Uint8Array.of(1));
  deepEqual(await consumed.tryConsume(invite("t"), ALICE, NOW, answer), Uint8Array.of(1));
  equal(await consumed.tryConsume(invite("t"), BOB, NOW, answer), null);
  deepEqual(await consumed.tryConsume(invite("u"), BOB, NOW, answer), Uint8Array.of(2));

  const reloaded = await ConsumedInvites.load(disk, DIR, NOW);
  equal(reloaded.size, 2);
  deepEqual(await reloaded.tryConsume(invite("t"), ALICE, NOW, answer), Uint8Array.of(1));
  equal(await reloaded.tryConsume(invite("t"), BOB, NOW, answer), null);
});

Deno.test("the file is sorted, indented, ends with a newline, and is its owner's alone", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  await consumed.tryConsume(invite("b"), BOB, NOW, () => Uint8Array.of(1, 2, 3));
  await consumed.tryConsume(invite("a"), ALICE, later(1), () => Uint8Array.of(4));
  const entry = (
    tokenID: string,
    consumedAtUnix: number,
    subjectPub: string,
    joinToken: string,
  ) => ({
    tokenID,
    expiresAtUnix: NOW_SECONDS + 300,
    consumedAtUnix,
    subjectPub,
    joinToken,
  });
  const expected = {
    invites: [
      entry("a", NOW_SECONDS + 1, ALICE, "BA=="),
      entry("b", NOW_SECONDS, BOB, "AQID"),
    ],
  };
  equal(disk.text(PATH)!, `${JSON.stringify(expected, null, 2)}\n`);
  equal(disk.mode(PATH), 0o600);
});

Deno.test("the invite is on disk before its answer is out", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  const result = consumed.tryConsume(invite("t"), ALICE, NOW, answers());
  await result.then(() => match(disk.text(PATH)!, /"tokenID": "t"/));
});

Deno.test("when it cannot be noted it stays unconsumed", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  const answer = answers();
  disk.isFull = () => true;
  await rejects(consumed.tryConsume(invite("t"), ALICE, NOW, answer), { code: "io" });
  equal(consumed.size, 0);
  equal(disk.paths().length, 0);
  disk.isFull = () => false;
  deepEqual(await consumed.tryConsume(invite("t"), BOB, NOW, answer), Uint8Array.of(2));
});

Deno.test("when no answer can be made it stays unconsumed", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  const refuse = () => {
    throw new PollenError("unauthenticated", "The issuer has lapsed.");
  };
  await rejects(consumed.tryConsume(invite("t"), ALICE, NOW, refuse), { code: "unauthenticated" });
  notEqual(await consumed.tryConsume(invite("t"), BOB, NOW, answers()), null);
});

Deno.test("of many who ask at once one wins", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  const answer = answers();
  const keys = [ALICE, BOB, ALICE, BOB, BOB, ALICE];
  const results = await Promise.all(
    keys.map((key) => consumed.tryConsume(invite("t"), key, NOW, answer)),
  );
  deepEqual(results, keys.map((key) => key === ALICE ? Uint8Array.of(1) : null));
  equal(disk.written.length, 1);
});

Deno.test("a new answer for the same key replaces the old one on disk", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  await consumed.tryConsume(invite("t"), ALICE, NOW, () => Uint8Array.of(1));
  await consumed.tryConsume(invite("t"), ALICE, later(9), () => Uint8Array.of(2));
  const { invites } = JSON.parse(disk.text(PATH)!);
  equal(invites[0].joinToken, "Ag==");
  equal(invites[0].consumedAtUnix, NOW_SECONDS);
});

Deno.test("entries are dropped a minute after they expire, on load and before each check", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  await consumed.tryConsume(invite("t", 100), ALICE, NOW, answers());
  equal((await ConsumedInvites.load(disk, DIR, later(160))).size, 1);
  equal((await ConsumedInvites.load(disk, DIR, later(161))).size, 0);
  equal(await consumed.tryConsume(invite("t", 100), BOB, later(160), answers()), null);
  await consumed.tryConsume(invite("u", 900), BOB, later(161), answers());
  equal(consumed.size, 1);
  deepEqual(
    JSON.parse(disk.text(PATH)!).invites.map((entry: { tokenID: string }) => entry.tokenID),
    [
      "u",
    ],
  );
});

Deno.test("entries of another implementation count as consumed by somebody", async () => {
  const disk = new MemoryDisk();
  const entry = { tokenID: "t", expiresAtUnix: NOW_SECONDS + 10, consumedAtUnix: NOW_SECONDS };
  disk.put(PATH, JSON.stringify({ invites: [entry] }));
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  equal(await consumed.tryConsume(invite("t"), ALICE, NOW, answers()), null);
  await consumed.tryConsume(invite("u"), ALICE, NOW, answers());
  deepEqual(JSON.parse(disk.text(PATH)!).invites[0], entry);
});

Deno.test("a time beyond what JSON holds stays in order", async () => {
  const disk = new MemoryDisk();
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  const claims = { ...invite("t").claims!, expiresAtUnix: (1n << 63n) - 1n };
  await consumed.tryConsume({ ...invite("t"), claims }, ALICE, NOW, answers());
  equal((await ConsumedInvites.load(disk, DIR, NOW)).size, 1);
});

Deno.test("an invite without claims or id is refused", async () => {
  const consumed = await ConsumedInvites.load(new MemoryDisk(), DIR, NOW);
  await rejects(consumed.tryConsume(InviteToken.create(), ALICE, NOW, answers()), {
    message: "invite token missing claims.",
  });
  await rejects(consumed.tryConsume(invite(""), ALICE, NOW, answers()), {
    message: "invite token missing token id.",
  });
});

Deno.test("a damaged file is an error, never taken for empty", async () => {
  const good = '"tokenID":"t","expiresAtUnix":1,"consumedAtUnix":1';
  const texts = [
    "",
    "x",
    "null",
    "[]",
    "{}",
    '{"invites":{}}',
    '{"invites":[1]}',
    '{"invites":[{}]}',
    `{"invites":[{${good.replace('"t"', '""')}}]}`,
    `{"invites":[{${good.replace(":1", ":1.5")}}]}`,
    `{"invites":[{${good},"subjectPub":"xx"}]}`,
    `{"invites":[{${good},"joinToken":"?"}]}`,
    `{"invites":[{${good}}]`,
  ];
  for (const text of texts) {
    const disk = new MemoryDisk();
    disk.put(PATH, text);
    await rejects(ConsumedInvites.load(disk, DIR, NOW), (error: PollenError) => {
      equal(error.code, "malformed", text);
      match(error.message, /\/state\/consumed_invites\.json is not understood/);
      return true;
    });
    equal(disk.text(PATH)!, text);
  }
});
