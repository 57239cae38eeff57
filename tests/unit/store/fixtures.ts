// Shared by the tests of the store: keys, events, revocations, a loaded store.

import { type GossipEvent, MembershipCert, SignedRevocation } from "../../../lib/proto/mod.ts";
import { type Authority, Store } from "../../../lib/store/mod.ts";
import { type PeerKey, peerKeyBytes, peerKeyFromBytes } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";

export const key = (byte: number): PeerKey => peerKeyFromBytes(new Uint8Array(32).fill(byte));
export const ME = key(0x11);
export const BOB = key(0x22);
export const EVE = key(0x33);
export const DIR = "/state";
export const FILE = `${DIR}/state.yaml`;
export const LOCK = `${DIR}/.state.lock`;

/** An event about `author`. */
export function event(
  author: PeerKey,
  counter: bigint,
  change: NonNullable<GossipEvent["change"]>,
  deleted = false,
): GossipEvent {
  return { peerId: author, counter, deleted, change };
}

type Change = NonNullable<GossipEvent["change"]>;

export const network = (ip: string, localPort = 60_611): Change => ({
  kind: "network",
  value: { ips: [ip], localPort },
});
export const service = (name: string, port = 8_080): Change => ({
  kind: "service",
  value: { name, port },
});
export const reaches = (peerId: PeerKey): Change => ({ kind: "reachability", value: { peerId } });
export const accessible: Change = { kind: "publiclyAccessible", value: {} };

/** A revocation that `verify` accepts. */
export function revocation(subject: PeerKey, signature = "root"): SignedRevocation {
  return SignedRevocation.create({
    entry: {
      clusterId: new Uint8Array(32),
      subjectPub: peerKeyBytes(subject),
      revokedAtUnix: 1_700_000_000n,
      issuerAdminPub: new Uint8Array(32),
    },
    signature: new TextEncoder().encode(signature),
  });
}
export const revokes = (subject: PeerKey, signature = "root"): Change => ({
  kind: "revocation",
  value: { revocation: revocation(subject, signature) },
});

/** Accepts what `revocation` signs as "root". */
export const verify = ({ signature }: SignedRevocation): boolean =>
  new TextDecoder().decode(signature) === "root";

/** Believes those revocations, and nothing that is signed: the keys of these fixtures are none. */
export function authority(verifyRevocation = verify): Authority {
  return {
    membership: MembershipCert.create(),
    sign: () => new Uint8Array(64),
    verifyEvent: () => false,
    signPage: () => new Uint8Array(64),
    verifyPage: () => false,
    isGenuine: () => false,
    verifyRevocation,
  };
}

/** A store on `disk`, a fresh one by default. */
export function load(disk: MemoryDisk = new MemoryDisk(), local: PeerKey = ME): Promise<Store> {
  return Store.load(disk, DIR, local, authority());
}

/** What a store can answer with: everything that must converge. */
export function view(store: Store): unknown {
  return {
    nodes: [...store.allNodes().values()].map(({ lastAddr: _, services, reachable, ...rest }) => ({
      ...rest,
      services: [...services],
      reachable: [...reachable],
    })),
    revoked: store.revokedSubjects(),
  };
}

export const EMPTY = { counters: new Map<string, bigint>() };
