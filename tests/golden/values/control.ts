// The messages of control.golden.

import {
  type BootstrapPeerInfo,
  CertHealth,
  type CertInfo,
  type Condition,
  type ConnectionSummary,
  type FaultCount,
  type LinkInfo,
  type NetworkInfo,
  NodeStatus,
  type NodeSummary,
  type PathInfo,
  type PortMapping,
  type ServiceSummary,
  type SocketInfo,
} from "../../../lib/proto/mod.ts";
import { NODE, NOW_SECONDS, OTHER, YEAR_SECONDS } from "../network.ts";

const node = { peerId: NODE.publicKey };
const other = { peerId: OTHER.publicKey };

const path: PathInfo = {
  carrier: other,
  sinceUnix: NOW_SECONDS - 60n,
  rttUs: 12_345,
  packetsLost: 2n ** 40n,
  packetsSent: 2n ** 48n,
};
const link: LinkInfo = { protocol: "pollen/2", version: "1.2.3", path };
const itself: NodeSummary = {
  node,
  status: NodeStatus.ONLINE,
  addr: "10.0.0.1:60611",
  publiclyAccessible: true,
  link,
};
const offline: NodeSummary = {
  node: other,
  status: NodeStatus.OFFLINE,
  addr: "",
  publiclyAccessible: false,
};
const service: ServiceSummary = { name: "api", provider: other, port: 8_080 };
const connection: ConnectionSummary = {
  peer: other,
  remotePort: 8_080,
  localPort: 8_081,
  serviceName: "api",
  requestedLocalPort: 8_080,
  activeTunnels: 2,
  lastFailure: "it was cut",
};
const certificate: CertInfo = {
  notBeforeUnix: NOW_SECONDS - 60n,
  notAfterUnix: NOW_SECONDS + YEAR_SECONDS,
  serial: 2n ** 64n - 1n,
  health: CertHealth.EXPIRED,
  nonRenewable: true,
};
const fault: FaultCount = { kind: "unreachable", count: 2n ** 53n + 1n };
const socket: SocketInfo = {
  receiveBufferBytes: 2n ** 40n,
  sendBufferBytes: 1n,
  segmentsMax: 64,
  coalesces: true,
  rebinds: 3n,
  faults: [fault],
};
const condition: Condition = {
  kind: "clock_behind",
  message: "The clock is behind.",
  fix: "Set it.",
};
const mapping: PortMapping = {
  protocol: "pcp",
  gateway: "192.168.1.1",
  address: "192.0.2.7:60611",
};
const network: NetworkInfo = {
  natKind: "endpoint_independent",
  portMapping: "mapped",
  mapping,
};
const place: BootstrapPeerInfo = { peer: node, addrs: ["10.0.0.1:60611", "host:1"] };

export const CONTROL_VALUES = {
  "a node": node,
  "a path": path,
  "a link": link,
  "this node's summary": itself,
  "an offline node's summary": offline,
  "a service's summary": service,
  "a forward's summary": connection,
  "a certificate's summary": certificate,
  "a fault": fault,
  "a socket": socket,
  "a condition": condition,
  "a port mapping": mapping,
  "the network": network,
  "a place to enter": place,
  "a request to stop": {},
  "it stops": {},
  "a request for places to enter": {},
  "places to enter": { self: place, recommended: place, forwarders: [place, place] },
  "a request for the status": {},
  "a status": {
    self: itself,
    nodes: [itself, offline],
    services: [service],
    connections: [connection],
    certificates: [certificate],
    socket,
    conditions: [condition],
    network,
    limitsReached: new Map([["frames_unsent", 2n ** 53n + 1n], ["agent_pages", 1n]]),
  },
  "a request to serve": { port: 8_080, name: "api" },
  "a request to serve without a name": { port: 8_080 },
  "a request to serve with an empty name": { port: 0, name: "" },
  "it is served": {},
  "a request to serve no more": { port: 8_080, name: "api" },
  "it is served no more": { names: ["api", "web"], port: 8_080 },
  "a request to connect": { node: other, remotePort: 8_080, localPort: 65_535 },
  "it is connected": { localPort: 8_081 },
  "a request to disconnect": { localPort: 8_081, node: other, remotePort: 8_080 },
  "it is disconnected": { disconnected: [connection] },
  "a request to dial": { peerId: OTHER.publicKey, addrs: ["192.0.2.1:60611"] },
  "it is dialled": {},
  "a request to revoke": { peerId: OTHER.publicKey },
  "it is revoked": {},
} as const;
