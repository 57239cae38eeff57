// Tunnels: TCP ports of one node reached from another.

export { type ForwardDeps as TunnelDeps } from "./forward.ts";
export { type ConnectionInfo, Manager } from "./manager.ts";
