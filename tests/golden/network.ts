// The network of the golden files, as values of our types.

import type {
  AdminCert,
  BootstrapPeer,
  InviteToken,
  JoinToken,
  MembershipCert,
  SignedRevocation,
  TrustBundle,
} from "../../lib/proto/mod.ts";
import type { WallMs } from "../../lib/types/mod.ts";
import { goldenBytes } from "./golden.ts";

/** Seconds since 1970 at which everything is issued. */
export const NOW_SECONDS = 1_800_000_000n;
export const NOW = Number(NOW_SECONDS) * 1000 as WallMs;
export const YEAR_SECONDS = 31_536_000n;

/** A key pair of the golden files. */
function keyPair(name: string) {
  return { publicKey: goldenBytes(`the ${name} key`), seed: goldenBytes(`the ${name} seed`) };
}

export const ROOT = keyPair("root");
export const ADMIN = keyPair("admin");
export const NODE = keyPair("node");
export const OTHER = keyPair("other");
export const CLUSTER = goldenBytes("the cluster id");

/** The last 64 bytes of an entry: what it was signed with. */
function signatureOf(name: string): Uint8Array<ArrayBuffer> {
  return goldenBytes(name).slice(-64);
}

export const TRUST: TrustBundle = { clusterId: CLUSTER, rootPub: ROOT.publicKey };

function adminCert(name: string, adminPub: Uint8Array, serial: bigint): AdminCert {
  return {
    claims: {
      clusterId: CLUSTER,
      adminPub,
      notBeforeUnix: NOW_SECONDS - 60n,
      notAfterUnix: NOW_SECONDS + 5n * YEAR_SECONDS,
      serial,
    },
    signature: signatureOf(name),
  };
}

export const ROOT_CERT = adminCert("the root's certificate", ROOT.publicKey, 1n);
export const ADMIN_CERT = adminCert(
  "an administrator's certificate",
  ADMIN.publicKey,
  2n ** 53n + 1n,
);

function membership(
  name: string,
  issuer: AdminCert,
  fields: { serial: bigint; nonRenewable: boolean },
): MembershipCert {
  return {
    claims: {
      clusterId: CLUSTER,
      subjectPub: NODE.publicKey,
      issuerAdminPub: issuer.claims!.adminPub,
      notBeforeUnix: NOW_SECONDS - 60n,
      notAfterUnix: NOW_SECONDS + YEAR_SECONDS,
      ...fields,
    },
    issuer,
    signature: signatureOf(name),
  };
}

export const MEMBERSHIP = membership("a membership", ROOT_CERT, {
  serial: 2n,
  nonRenewable: false,
});
export const GUEST = membership("a guest's membership", ADMIN_CERT, {
  serial: 2n ** 64n - 1n,
  nonRenewable: true,
});

export const BOOTSTRAP: BootstrapPeer = {
  peerPub: OTHER.publicKey,
  addrs: ["192.0.2.1:60611", "[2001:db8::1]:60611"],
};
const window = { issuedAtUnix: NOW_SECONDS, expiresAtUnix: NOW_SECONDS + 300n };

export const JOIN_TOKEN: JoinToken = {
  claims: {
    tokenId: "6f1d3a52-0c5e-4b7a-9a55-3d1f0e2b4c6d",
    trust: TRUST,
    issuer: ADMIN_CERT,
    memberCert: GUEST,
    bootstrap: [BOOTSTRAP],
    ...window,
  },
  signature: signatureOf("a join token"),
};
export const OPEN_INVITE: InviteToken = {
  claims: {
    tokenId: "00000000-0000-4000-8000-000000000001",
    trust: TRUST,
    issuer: ROOT_CERT,
    bootstrap: [BOOTSTRAP],
    subjectPub: new Uint8Array(),
    ...window,
    membershipTtlSeconds: 0n,
    nonRenewable: false,
  },
  signature: signatureOf("an open invite"),
};
export const BOUND_INVITE: InviteToken = {
  claims: {
    tokenId: "00000000-0000-4000-8000-000000000002",
    trust: TRUST,
    issuer: ADMIN_CERT,
    bootstrap: [BOOTSTRAP],
    subjectPub: NODE.publicKey,
    ...window,
    membershipTtlSeconds: 86_400n,
    nonRenewable: true,
  },
  signature: signatureOf("a bound invite"),
};
export const REVOCATION: SignedRevocation = {
  entry: {
    clusterId: CLUSTER,
    subjectPub: OTHER.publicKey,
    revokedAtUnix: NOW_SECONDS,
    issuerAdminPub: ROOT.publicKey,
  },
  signature: signatureOf("a revocation"),
};
