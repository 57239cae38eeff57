// What was signed by somebody else's Ed25519ctx verifies here, what we sign over the same claims is
// the same signature, and the texts that people carry are the same texts.

import { deepEqual, equal } from "node:assert/strict";
import {
  clusterIdHex,
  decodeToken,
  encodeInviteToken,
  encodeJoinToken,
  verifyInviteToken,
  verifyJoinToken,
  verifyMembershipCert,
  verifyRevocation,
} from "../../lib/auth/mod.ts";
import { issueAdminCert, issueMembershipCert } from "../../lib/auth/certificates.ts";
import { signRevocation } from "../../lib/auth/revocations.ts";
import { publicKeyOf } from "../../lib/auth/signature.ts";
import { trustOf } from "../../lib/auth/trust.ts";
import { signInviteToken, signJoinToken } from "../../lib/auth/tokens.ts";
import { golden } from "./golden.ts";
import {
  ADMIN,
  ADMIN_CERT,
  BOUND_INVITE,
  CLUSTER,
  GUEST,
  JOIN_TOKEN,
  MEMBERSHIP,
  NODE,
  NOW,
  OPEN_INVITE,
  OTHER,
  REVOCATION,
  ROOT,
  ROOT_CERT,
  TRUST,
} from "./network.ts";

Deno.test("a network's id and keys follow from its seeds", () => {
  deepEqual(trustOf(ROOT.publicKey), TRUST);
  equal(clusterIdHex(TRUST), CLUSTER.toHex());
  for (const { seed, publicKey } of [ROOT, ADMIN, NODE, OTHER]) {
    deepEqual(publicKeyOf(seed), publicKey);
  }
});

Deno.test("what somebody else signed verifies", () => {
  verifyMembershipCert(MEMBERSHIP, TRUST, NOW, NODE.publicKey);
  verifyMembershipCert(GUEST, TRUST, NOW, NODE.publicKey);
  verifyJoinToken(JOIN_TOKEN, NOW, NODE.publicKey);
  verifyInviteToken(OPEN_INVITE, NOW, OTHER.publicKey);
  verifyInviteToken(BOUND_INVITE, NOW, NODE.publicKey);
  verifyRevocation(REVOCATION, TRUST);
});

Deno.test("what we sign is what somebody else signed", () => {
  deepEqual(issueAdminCert(ROOT, ROOT_CERT.claims!), ROOT_CERT);
  deepEqual(issueAdminCert(ROOT, ADMIN_CERT.claims!), ADMIN_CERT);
  deepEqual(issueMembershipCert(ROOT, ROOT_CERT, MEMBERSHIP.claims!), MEMBERSHIP);
  deepEqual(issueMembershipCert(ADMIN, ADMIN_CERT, GUEST.claims!), GUEST);
  deepEqual(signJoinToken(ADMIN, JOIN_TOKEN.claims!), JOIN_TOKEN);
  deepEqual(signInviteToken(ROOT, OPEN_INVITE.claims!), OPEN_INVITE);
  deepEqual(signInviteToken(ADMIN, BOUND_INVITE.claims!), BOUND_INVITE);
  deepEqual(signRevocation(ROOT, REVOCATION.entry!), REVOCATION);
});

Deno.test("a token's text is its bytes in base64, both ways", () => {
  const [join, invite] = [
    golden("a join token as text").text,
    golden("an open invite as text").text,
  ];
  equal(encodeJoinToken(JOIN_TOKEN), join);
  equal(encodeInviteToken(OPEN_INVITE), invite);
  deepEqual(decodeToken(join), { kind: "join", token: JOIN_TOKEN });
  deepEqual(decodeToken(invite), { kind: "invite", token: OPEN_INVITE });
});
