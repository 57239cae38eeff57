// Both kinds of token: every reason to say no, in its order and its words.

import { equal, match, throws } from "node:assert/strict";
import { verifyInviteToken, verifyJoinToken } from "../../../lib/auth/mod.ts";
import { issueAdminCert } from "../../../lib/auth/certificates.ts";
import { publicKeyOf, sign, type SigningKey } from "../../../lib/auth/signature.ts";
import { signInviteToken, signJoinToken } from "../../../lib/auth/tokens.ts";
import { trustOf } from "../../../lib/auth/trust.ts";
import {
  InviteToken,
  InviteTokenClaims,
  JoinToken,
  JoinTokenClaims,
} from "../../../lib/proto/mod.ts";
import type { PollenError } from "../../../lib/types/mod.ts";
import {
  bootstrapOf,
  DAY_MS,
  later,
  makeDelegate,
  makeNode,
  makeRoot,
  NOW,
  NOW_SECONDS,
  other,
  refused,
} from "./fixtures.ts";

const root = await makeRoot();
const node = await makeNode(2);
const SUBJECT = node.identity.publicKey;
const trust = root.credentials.trust;
const bootstrap = bootstrapOf(root.identity);
const cert = root.signer.issueMembership({
  subject: node.identity.peerKey,
  ttlMs: DAY_MS,
  now: NOW,
});
const JOIN = root.signer.issueJoinToken({ cert, bootstrap, ttlMs: 300_000, now: NOW });
const INVITE = root.signer.issueInvite({ bootstrap, ttlMs: 300_000, now: NOW });
const BOUND = root.signer.issueInvite({
  subject: node.identity.peerKey,
  bootstrap,
  ttlMs: 300_000,
  now: NOW,
});

/** A key and a certificate for it that the root has signed: an honest issuer of odd tokens. */
const admin = keyOf(9);
const issuer = root.signer.delegate(admin.publicKey, DAY_MS, NOW);

function keyOf(fill: number): SigningKey {
  const seed = new Uint8Array(32).fill(fill);
  return { seed, publicKey: publicKeyOf(seed) };
}

/** A join token with other claims, signed by an administrator who does not mind what it signs. */
function join(change: Partial<JoinTokenClaims>, signer = admin): JoinToken {
  const claims = { ...JOIN.claims!, issuer, ...change };
  return { claims, signature: sign("join", signer.seed, JoinTokenClaims.encode(claims)) };
}

function invite(change: Partial<InviteTokenClaims>, signer = admin): InviteToken {
  const claims = { ...INVITE.claims!, issuer, ...change };
  return { claims, signature: sign("invite", signer.seed, InviteTokenClaims.encode(claims)) };
}

const checkJoin = (token: JoinToken, now = NOW) => () => verifyJoinToken(token, now, SUBJECT);
const checkInvite = (token: InviteToken, now = NOW, subject: Uint8Array | null = SUBJECT) => () =>
  verifyInviteToken(token, now, subject);

Deno.test("tokens verify, also after a round trip, and whoever of the administrators signed", async () => {
  checkJoin(JoinToken.decode(JoinToken.encode(JOIN)))();
  checkInvite(InviteToken.decode(InviteToken.encode(INVITE)))();
  checkJoin(join({}))();
  checkInvite(invite({}))();
  const delegate = await makeDelegate(root);
  checkInvite(delegate.issueInvite({ bootstrap, ttlMs: 1_000, now: NOW }))();
});

Deno.test("a join token is refused for its shape first", () => {
  throws(checkJoin(JoinToken.create()), refused("join token missing claims."));
  const peer = bootstrap[0]!;
  const cases: [Partial<JoinTokenClaims>, string][] = [
    [{ tokenId: "" }, "token id is not a UUID"],
    [{ tokenId: "x".repeat(36) }, "token id is not a UUID"],
    [{ trust: undefined }, "missing trust bundle"],
    [
      { trust: { ...trust, rootPub: new Uint8Array(1) } },
      "invalid root key length: expected 32 bytes, got 1",
    ],
    [
      { trust: { ...trust, clusterId: new Uint8Array(1) } },
      "invalid cluster id length: expected 32 bytes, got 1",
    ],
    [{ issuer: undefined }, "missing issuer admin cert"],
    [{ issuer: { ...issuer, claims: undefined } }, "issuer admin cert: missing claims"],
    [{ memberCert: undefined }, "missing membership cert"],
    [{ memberCert: { ...cert, claims: undefined } }, "membership cert: missing claims"],
    [
      { bootstrap: [{ ...peer, peerPub: new Uint8Array(31) }] },
      "invalid bootstrap peer key length: expected 32 bytes, got 31",
    ],
    [{ bootstrap: [{ ...peer, addrs: [] }] }, "a bootstrap peer has no address"],
    [{ bootstrap: [{ ...peer, addrs: ["a", ""] }] }, "a bootstrap peer has an empty address"],
    [
      { bootstrap: [{ ...peer, addrs: ["a".repeat(262)] }] },
      "a bootstrap peer has too long an address",
    ],
    [
      { bootstrap: [{ ...peer, addrs: Array(65).fill("a") }] },
      "a bootstrap peer has too many addresses",
    ],
    [{ bootstrap: Array(65).fill(peer) }, "too many bootstrap peers"],
  ];
  for (const [change, problem] of cases) {
    throws(checkJoin(join(change)), refused(`join token invalid: ${problem}.`));
  }
  throws(
    checkJoin({ ...JOIN, signature: new Uint8Array(65) }),
    refused("join token invalid: invalid signature length: expected 64 bytes, got 65."),
  );
});

Deno.test("a join token is refused for its trust, issuer, signature, times and member, in this order", () => {
  throws(
    checkJoin(join({ trust: { ...trust, clusterId: other(trust.clusterId) } })),
    refused("join token invalid: trust bundle cluster id mismatch."),
  );
  const forged = issueAdminCert(admin, issuer.claims!);
  throws(
    checkJoin(join({ issuer: forged })),
    refused("join token issuer admin cert invalid: admin cert signature invalid."),
  );
  throws(
    checkJoin({ ...JOIN, signature: other(JOIN.signature) }),
    refused("join token signature invalid."),
  );
  throws(checkJoin(join({}, keyOf(8))), refused("join token signature invalid."));
  throws(
    checkJoin(join({ expiresAtUnix: NOW_SECONDS })),
    refused("join token validity window invalid."),
  );
  throws(
    () => verifyJoinToken(JOIN, NOW, other(SUBJECT)),
    refused("join token membership cert invalid: membership cert subject mismatch."),
  );
  throws(
    checkJoin(join({ memberCert: { ...cert, signature: other(cert.signature) } })),
    refused("join token membership cert invalid: membership cert signature invalid."),
  );
});

Deno.test("an invite is refused for its shape first", () => {
  throws(checkInvite(InviteToken.create()), refused("invite token missing claims."));
  const cases: [Partial<InviteTokenClaims>, string][] = [
    [{ bootstrap: [] }, "at least one bootstrap peer is required"],
    [{ tokenId: "1" }, "token id is not a UUID"],
    [{ trust: undefined }, "missing trust bundle"],
    [{ issuer: undefined }, "missing issuer admin cert"],
    [
      { subjectPub: new Uint8Array(31) },
      "invalid subject key length: expected 32 bytes, got 31",
    ],
    [{ membershipTtlSeconds: -1n }, "negative membership ttl"],
  ];
  for (const [change, problem] of cases) {
    throws(checkInvite(invite(change)), refused(`invite token invalid: ${problem}.`));
  }
});

Deno.test("an invite is refused for its trust, issuer, signature, subject and times, in this order", () => {
  throws(
    checkInvite(invite({ trust: { ...trust, clusterId: other(trust.clusterId) } })),
    refused("invite token invalid: trust bundle cluster id mismatch."),
  );
  throws(
    checkInvite(invite({ issuer: issueAdminCert(admin, issuer.claims!) })),
    refused("invite token issuer invalid: admin cert signature invalid."),
  );
  throws(
    checkInvite({ ...BOUND, signature: other(BOUND.signature) }, NOW, other(SUBJECT)),
    refused("invite token signature invalid."),
  );
  throws(
    checkInvite(invite({ subjectPub: SUBJECT, expiresAtUnix: 0n }), NOW, other(SUBJECT)),
    refused("invite token subject mismatch."),
  );
  throws(
    checkInvite(invite({ expiresAtUnix: NOW_SECONDS })),
    refused("invite token validity window invalid."),
  );
});

Deno.test("an open invite is for anybody, a bound one for its subject, as far as that is known", () => {
  for (const subject of [SUBJECT, other(SUBJECT), null]) checkInvite(INVITE, NOW, subject)();
  checkInvite(BOUND)();
  checkInvite(BOUND, NOW, null)();
  throws(checkInvite(BOUND, NOW, other(SUBJECT)), refused("invite token subject mismatch."));
});

Deno.test("tokens are valid for their life and 60 seconds around it, and say which side failed", () => {
  for (
    const [what, check] of [
      ["join", (seconds: number) => checkJoin(JOIN, later(seconds))],
      ["invite", (seconds: number) => checkInvite(INVITE, later(seconds))],
    ] as const
  ) {
    for (const seconds of [-60, 0, 300, 360]) check(seconds)();
    for (
      const [seconds, reason, why] of [
        [-61, "not_yet_valid", "It is not valid before 2027-01-15T08:00:00Z"],
        [361, "expired", "It expired at 2027-01-15T08:05:00Z"],
      ] as const
    ) {
      throws(check(seconds), (error: PollenError) => {
        equal(error.message, `${what} token expired or not yet valid. ${why}.`);
        equal(error.details["reason"], reason);
        match(error.text, /new one|clock/);
        return true;
      });
    }
  }
});

Deno.test("a signature of one kind of token is none of the other", () => {
  const asInvite = sign("join", admin.seed, InviteTokenClaims.encode(invite({}).claims!));
  throws(
    checkInvite({ ...invite({}), signature: asInvite }),
    refused("invite token signature invalid."),
  );
  const asJoin = sign("invite", admin.seed, JoinTokenClaims.encode(join({}).claims!));
  throws(checkJoin({ ...join({}), signature: asJoin }), refused("join token signature invalid."));
});

Deno.test("a self-made network's token verifies only as what it is: another network's", () => {
  const foreign = trustOf(admin.publicKey);
  throws(
    checkJoin(join({ trust: foreign, issuer: issueAdminCert(admin, issuer.claims!) })),
    refused("join token issuer admin cert invalid: admin cert not scoped to cluster."),
  );
  const own = issueAdminCert(admin, { ...issuer.claims!, clusterId: foreign.clusterId });
  throws(
    checkJoin(join({ trust: foreign, issuer: own })),
    refused("join token membership cert invalid: membership cert not scoped to cluster."),
  );
});

Deno.test("tokens that could not verify are not signed", () => {
  throws(() => signJoinToken(admin, { ...JOIN.claims!, issuer: undefined }), {
    message: "missing issuer admin cert.",
  });
  throws(() => signJoinToken(keyOf(8), { ...JOIN.claims!, issuer }), {
    message: "join token signer key does not match issuer cert.",
  });
  throws(() => signJoinToken(admin, { ...JOIN.claims!, issuer, tokenId: "x" }), {
    message: "join token claims invalid: token id is not a UUID.",
  });
  throws(() => signInviteToken(keyOf(8), { ...INVITE.claims!, issuer }), {
    message: "invite signer key does not match issuer cert.",
  });
  throws(() => signInviteToken(admin, { ...INVITE.claims!, issuer, bootstrap: [] }), {
    message: "invite token claims invalid: at least one bootstrap peer is required.",
  });
});
