// One running node: its event loop, its pure core, and what the command line may ask of it.

export { genIdentityKey, readIdentityPub } from "../auth/mod.ts";
export { addressesOf } from "./addresses.ts";
export { NodeCore } from "./core.ts";
export type { WhichForwards } from "./forwards.ts";
export { Node } from "./node.ts";
export { type Config, DEFAULT_CONFIG, type MembershipSource, type NodeDeps } from "./wiring.ts";
export { NodeService } from "./service.ts";
export type { NodeServiceDeps } from "./service_deps.ts";
export type { BootstrapPeer, NodeInput, NodeOutput } from "./steps.ts";
export { type Links, type Topology, topologyOf } from "./topology.ts";
