// Sealed redemptions against bytes that are not ours: what others seal we open, and what we seal is
// what they seal.

import { deepEqual, equal, throws } from "node:assert/strict";
import { openRedemption, sealRedemption } from "../../lib/auth/sealed_redemption.ts";
import type { Random } from "../../lib/types/mod.ts";
import { goldenBytes } from "./golden.ts";
import { ADMIN, NODE, OPEN_INVITE, OTHER, ROOT } from "./network.ts";
import { SEALED_VALUES } from "./values/sealed.ts";

const { "a sealed redemption": request, "a sealed refusal": refusal } = SEALED_VALUES;

/** Draws what the golden files were made with: first the ephemeral key. */
const golden: Random = {
  bytes: (length) =>
    length === 32 ? goldenBytes("the ephemeral key") : refusal.sealed.slice(0, length),
  uniform: () => 0,
};

Deno.test("a redemption is sealed as others seal it, and theirs opens", () => {
  const sent = sealRedemption(OPEN_INVITE, NODE, golden);
  deepEqual(
    [sent.request.issuerPub, sent.request.encapsulated, sent.request.ciphertext].map((bytes) =>
      new Uint8Array(bytes).toHex()
    ),
    [request.issuerPub, request.encapsulated, request.ciphertext].map((bytes) => bytes.toHex()),
  );
  const opened = openRedemption(request, ROOT, golden);
  deepEqual(opened.token, OPEN_INVITE);
  equal(opened.subject, NODE.publicKey.toHex());
  const answer = { accepted: false, reason: "invite token expired." };
  equal(new Uint8Array(opened.seal(answer)).toHex(), refusal.sealed.toHex());
  equal(sent.open(refusal.sealed)!.reason, answer.reason);
});

Deno.test("only the issuer opens it, and only as it was signed", () => {
  for (const key of [ADMIN, OTHER]) {
    throws(() => openRedemption(request, key, golden), { code: "unauthenticated" });
  }
  const changes = ["issuerPub", "encapsulated", "ciphertext", "clusterId"] as const;
  for (const field of changes) {
    const changed = request[field].slice();
    changed[10]! ^= 1;
    throws(() => openRedemption({ ...request, [field]: changed }, ROOT, golden), {
      code: "unauthenticated",
    });
  }
  const smallOrder = { ...request, encapsulated: new Uint8Array(32) };
  throws(() => openRedemption(smallOrder, ROOT, golden), { code: "unauthenticated" });
  for (let length = 0; length < 100; length += 7) {
    const cut = { ...request, ciphertext: request.ciphertext.slice(0, length) };
    throws(() => openRedemption(cut, ROOT, golden), { code: "unauthenticated" });
  }
});

Deno.test("who redeems in another's name is found out", () => {
  // Sealed properly, by somebody who knows the invite but not the key that is to become a member.
  const thief = { publicKey: NODE.publicKey, seed: OTHER.seed };
  const { request: stolen } = sealRedemption(OPEN_INVITE, thief, golden);
  throws(() => openRedemption(stolen, ROOT, golden), { code: "unauthenticated" });
});

Deno.test("an answer to another request is none to this one", () => {
  const sent = sealRedemption(OPEN_INVITE, NODE, {
    bytes: (length) => new Uint8Array(length).fill(7),
    uniform: () => 0,
  });
  equal(sent.open(refusal.sealed), null);
  for (const length of [0, 11, 12, 27]) equal(sent.open(refusal.sealed.slice(0, length)), null);
});
