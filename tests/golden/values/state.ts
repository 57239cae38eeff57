// The messages of state.golden.

import type {
  ExternalPortChange,
  GossipEvent,
  GossipEventBatch,
  GossipVectorClock,
  IdentityChange,
  NetworkChange,
  PubliclyAccessibleChange,
  ReachabilityChange,
  RevocationChange,
  Service,
  ServiceChange,
} from "../../../lib/proto/mod.ts";
import { NODE, NOW_SECONDS, OTHER, REVOCATION, ROOT, YEAR_SECONDS } from "../network.ts";

const node = NODE.publicKey.toHex();
const other = OTHER.publicKey.toHex();

const service: Service = { name: "api", port: 8_080 };
/** Written in the order of keys, whatever the order in the map. */
export const CLOCK: GossipVectorClock = {
  counters: new Map([
    [node, 2n ** 53n + 1n],
    [other, 2n ** 64n - 1n],
    [ROOT.publicKey.toHex(), 1n],
  ]),
};
const network: NetworkChange = { ips: ["10.0.0.1", "2001:db8::1"], localPort: 60_611 };
const externalPort: ExternalPortChange = { externalPort: 65_535 };
const identityPub: IdentityChange = {
  identityPub: NODE.publicKey,
  certExpiryUnix: NOW_SECONDS + YEAR_SECONDS,
};
const serviceChange: ServiceChange = { name: "wéb", port: 1 };
const reachability: ReachabilityChange = { peerId: other };
const revocation: RevocationChange = { revocation: REVOCATION };
const publiclyAccessible: PubliclyAccessibleChange = {};

function event(
  counter: bigint,
  change: NonNullable<GossipEvent["change"]>,
  deleted = false,
): GossipEvent {
  return { peerId: node, counter, change, deleted };
}

const serviceEvent = event(300n, { kind: "service", value: serviceChange });
export const BATCH: GossipEventBatch = {
  events: [serviceEvent, { peerId: "", counter: 0n, deleted: false }],
};

export const STATE_VALUES = {
  "a service": service,
  "a clock with numbers beyond 2^53": CLOCK,
  "a network change": network,
  "an external port": externalPort,
  "an identity": identityPub,
  "a service change": serviceChange,
  "a reachability": reachability,
  "a revocation change": revocation,
  "an accessibility": publiclyAccessible,
  "an event: network": event(1n, { kind: "network", value: network }),
  "an event: external port": event(2n, { kind: "externalPort", value: externalPort }),
  "an event: identity": event(3n, { kind: "identityPub", value: identityPub }),
  "an event: service": serviceEvent,
  "an event: service deleted": event(
    301n,
    { kind: "service", value: { name: "wéb", port: 0 } },
    true,
  ),
  "an event: reachability": event(5n, { kind: "reachability", value: reachability }),
  "an event: reachability deleted": event(6n, { kind: "reachability", value: reachability }, true),
  "an event: revocation": event(2n ** 64n - 1n, { kind: "revocation", value: revocation }),
  "an event: accessible": event(8n, { kind: "publiclyAccessible", value: publiclyAccessible }),
  "an event: accessible no more": event(
    9n,
    { kind: "publiclyAccessible", value: publiclyAccessible },
    true,
  ),
  "a batch": BATCH,
} as const;
