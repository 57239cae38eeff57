// Our codecs against bytes of an encoder that is not ours, in both directions.

import { deepEqual, equal } from "node:assert/strict";
import {
  CertHealth,
  CertInfo,
  type Codec,
  ConnectionSummary,
  ConnectServiceRequest,
  Envelope,
  GetStatusResponse,
  GossipEvent,
  GossipVectorClock,
  InviteToken,
  JoinToken,
  NodeStatus,
  NodeSummary,
  RegisterServiceRequest,
  ServiceSummary,
  SignedRevocation,
} from "../../../lib/proto/mod.ts";
import { GOLDEN } from "./golden.ts";

const text = (value: string) => new TextEncoder().encode(value);
const bytes = (...values: number[]) => new Uint8Array(values);
const tested = new Set<string>();

function golden<T>(name: keyof typeof GOLDEN, codec: Codec<T>, message: T): void {
  tested.add(name);
  Deno.test(`protoc and we agree on ${name}`, () => {
    const { type, hex } = GOLDEN[name];
    equal(codec.typeName, type);
    equal(codec.encode(message).toHex(), hex);
    deepEqual(codec.decode(Uint8Array.fromHex(hex)), message);
  });
}

const trust = { clusterId: bytes(1), rootPub: bytes(4) };
const issuer = {
  claims: {
    clusterId: bytes(1),
    adminPub: bytes(2, 255),
    notBeforeUnix: 1_700_000_000n,
    notAfterUnix: 1_900_000_000n,
    serial: 2n ** 53n + 1n,
  },
  signature: text("sigA"),
};
const memberCert = {
  claims: {
    clusterId: bytes(1),
    subjectPub: bytes(3),
    issuerAdminPub: bytes(2),
    notBeforeUnix: -1n,
    notAfterUnix: 1_800_000_000n,
    serial: 2n ** 64n - 1n,
    nonRenewable: true,
  },
  issuer,
  signature: text("sigM"),
};
const bootstrapPeer = {
  peerPub: bytes(5),
  addrs: ["192.0.2.1:60611", "[2001:db8::1]:60611"],
};
const revocation = {
  entry: {
    clusterId: bytes(1),
    subjectPub: bytes(3),
    revokedAtUnix: 1_700_000_001n,
    issuerAdminPub: bytes(4),
  },
  signature: text("sigR"),
};

golden("a join token with everything in it", JoinToken, {
  claims: {
    tokenId: "t-1",
    trust,
    issuer,
    memberCert,
    bootstrap: [bootstrapPeer],
    issuedAtUnix: 1_700_000_000n,
    expiresAtUnix: 1_700_000_300n,
  },
  signature: text("sigJ"),
});
golden("an invite with an empty bootstrap peer and the lowest number", InviteToken, {
  claims: {
    tokenId: "t-2",
    trust,
    issuer,
    bootstrap: [bootstrapPeer, { peerPub: bytes(), addrs: [] }],
    subjectPub: bytes(3),
    issuedAtUnix: 1_700_000_000n,
    expiresAtUnix: 1_700_000_300n,
    membershipTtlSeconds: -(2n ** 63n),
    nonRenewable: true,
  },
  signature: text("sigI"),
});
golden("a revocation", SignedRevocation, revocation);

golden("a clock with numbers beyond 2^53", GossipVectorClock, {
  // Written in the order of keys, whatever the order in the map.
  counters: new Map([["0c", 1n], ["0a", 2n ** 53n + 1n], ["0b", 2n ** 64n - 1n]]),
});
golden("a network change", GossipEvent, {
  peerId: "ab",
  counter: 1n,
  deleted: false,
  change: { kind: "network", value: { ips: ["10.0.0.1", "2001:db8::1"], localPort: 60_611 } },
});
golden("an external port", GossipEvent, {
  peerId: "ab",
  counter: 2n,
  deleted: false,
  change: { kind: "externalPort", value: { externalPort: 65_535 } },
});
golden("an identity with an end before 1970", GossipEvent, {
  peerId: "ab",
  counter: 3n,
  deleted: false,
  change: { kind: "identityPub", value: { identityPub: bytes(0xab), certExpiryUnix: -1n } },
});
golden("a service with a name beyond ASCII", GossipEvent, {
  peerId: "ab",
  counter: 4n,
  deleted: false,
  change: { kind: "service", value: { name: "wéb", port: 8_080 } },
});
golden("a deleted reachability", GossipEvent, {
  peerId: "ab",
  counter: 300n,
  deleted: true,
  change: { kind: "reachability", value: { peerId: "cd" } },
});
golden("a revocation event with the highest counter", GossipEvent, {
  peerId: "ab",
  counter: 2n ** 64n - 1n,
  deleted: false,
  change: { kind: "revocation", value: { revocation } },
});
golden("a deleted accessibility, the flag before the change", GossipEvent, {
  peerId: "ab",
  counter: 7n,
  deleted: true,
  change: { kind: "publiclyAccessible", value: {} },
});

golden("an envelope with a clock", Envelope, {
  body: { kind: "clock", value: { counters: new Map([["0a", 5n]]) } },
});
golden("an envelope with an empty clock", Envelope, {
  body: { kind: "clock", value: { counters: new Map() } },
});
golden("a punch request", Envelope, {
  body: { kind: "punchCoordRequest", value: { peerId: bytes(6) } },
});
golden("a punch trigger", Envelope, {
  body: {
    kind: "punchCoordTrigger",
    value: { peerId: bytes(6), selfAddr: "192.0.2.1:1", peerAddr: "[2001:db8::2]:2" },
  },
});
golden("an invite redemption", Envelope, {
  body: {
    kind: "inviteRedeemRequest",
    value: { token: { signature: text("s") }, subjectPub: bytes(3) },
  },
});
golden("a refused redemption", Envelope, {
  body: {
    kind: "inviteRedeemResponse",
    value: { accepted: false, reason: "invite token already consumed" },
  },
});
golden("an accepted redemption", Envelope, {
  body: {
    kind: "inviteRedeemResponse",
    value: {
      accepted: true,
      reason: "",
      joinToken: {
        claims: { tokenId: "x", bootstrap: [], issuedAtUnix: 0n, expiresAtUnix: 0n },
        signature: bytes(),
      },
    },
  },
});
golden("an observed address", Envelope, {
  body: { kind: "observedAddress", value: { addr: "192.0.2.7:60611" } },
});
golden("two events, one of them empty", Envelope, {
  body: {
    kind: "events",
    value: {
      events: [
        {
          peerId: "ab",
          counter: 1n,
          deleted: false,
          change: { kind: "service", value: { name: "a", port: 1 } },
        },
        { peerId: "", counter: 0n, deleted: false },
      ],
    },
  },
});
golden("a renewal request", Envelope, {
  body: {
    kind: "certRenewalRequest",
    value: { subjectPub: bytes(3), currentCert: bytes(0, 1) },
  },
});
golden("a renewal", Envelope, {
  body: {
    kind: "certRenewalResponse",
    value: { accepted: true, reason: "", cert: { signature: text("c") } },
  },
});

golden(
  "a status with everything in it",
  GetStatusResponse,
  GetStatusResponse.create({
    self: NodeSummary.create({
      node: { peerId: bytes(1) },
      status: NodeStatus.ONLINE,
      addr: "10.0.0.1:60611",
      publiclyAccessible: true,
    }),
    nodes: [NodeSummary.create({ node: { peerId: bytes(2) }, status: NodeStatus.OFFLINE })],
    services: [
      ServiceSummary.create({ name: "api", provider: { peerId: bytes(2) }, port: 8_080 }),
    ],
    connections: [ConnectionSummary.create({
      peer: { peerId: bytes(2) },
      remotePort: 8_080,
      localPort: 8_081,
      serviceName: "api",
    })],
    certificates: [CertInfo.create({
      notBeforeUnix: 1_700_000_000n,
      notAfterUnix: -2n,
      serial: 2n ** 53n + 1n,
      health: CertHealth.EXPIRED,
      nonRenewable: true,
    })],
  }),
);
golden("a service whose name is there and empty", RegisterServiceRequest, {
  port: 8_080,
  name: "",
});
golden("a service without a name", RegisterServiceRequest, { port: 8_080 });
golden("a connection", ConnectServiceRequest, {
  node: { peerId: bytes(2) },
  remotePort: 8_080,
  localPort: 65_535,
});

Deno.test("every message of the table was compared", () => {
  deepEqual([...tested].sort(), Object.keys(GOLDEN).sort());
});
