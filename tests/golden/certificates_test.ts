// The TLS certificate against one that another library made, and the head of a stream.

import { deepEqual, equal } from "node:assert/strict";
import { createTlsIdentity, readPeerCertificate } from "../../lib/mesh/certificate.ts";
import { verifyMember } from "../../lib/mesh/verifier.ts";
import { ALPN_MEMBER_1, tunnelHead } from "../../lib/types/mod.ts";
import { goldenBytes, goldenEntries } from "./golden.ts";
import { MEMBERSHIP, NODE, NOW, TRUST } from "./network.ts";

const MEMBER = goldenBytes("a member's TLS certificate");
const BARE = goldenBytes("a bare TLS certificate");
const peer = NODE.publicKey.toHex();

Deno.test("a foreign certificate says key and membership, and makes its owner a member", () => {
  deepEqual(readPeerCertificate(MEMBER), { peer, membership: MEMBERSHIP });
  deepEqual(readPeerCertificate(BARE), { peer, membership: null });
  const options = {
    credentials: { trust: TRUST, cert: MEMBERSHIP },
    now: NOW,
    expected: null,
    isRevoked: () => false,
  };
  equal(verifyMember(MEMBER, options), peer);
});

Deno.test("the certificate that we mint is to the byte the one that another library makes", async () => {
  const random = {
    bytes: (length: number) => new Uint8Array(length).fill(0x5a).fill(0xff, 0, 1),
    uniform: () => 0,
  };
  const common = { ...NODE, now: NOW, ttlMs: 3_650 * 86_400_000, random };
  const member = await createTlsIdentity({ ...common, membership: MEMBERSHIP });
  const bare = await createTlsIdentity(common);
  equal(member.certificate.toHex(), MEMBER.toHex());
  equal(bare.certificate.toHex(), BARE.toHex());
});

Deno.test("the head of a stream is its port, the high byte first", () => {
  for (const { name, bytes } of goldenEntries()) {
    const port = /^the head of a stream to port (\d+)$/.exec(name)?.[1];
    if (port !== undefined) deepEqual(tunnelHead(ALPN_MEMBER_1, Number(port)), bytes, name);
  }
});
