// Port mappings on the router: asked for by PCP, NAT-PMP and UPnP, prolonged, taken away. What the
// router and everybody on its link may say is bounded and checked; nobody but the router is asked.

export { findGateway } from "./gateway.ts";
export { natPmpClient } from "./nat_pmp.ts";
export { NONCE_BYTES, pcpClient } from "./pcp.ts";
export { PortMapper, type PortMapperDeps } from "./port_mapper.ts";
export type { Gateway, Mapping, MappingClient, MappingProtocol } from "./types.ts";
export { upnpClient } from "./upnp.ts";
