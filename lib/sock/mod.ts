// Hole punching: packets that open a way through the routers of two nodes who cannot dial each other.

export { Conn } from "./conn.ts";
export { decodeProbe, encodeProbe, type Probe, PROBE_BYTES, PROBE_NONCE_BYTES } from "./probe.ts";
export { SockStore, type SockStoreDeps } from "./sock_store.ts";
export { drawPorts, HARD_SOCKETS, SPRAYED_PORTS, volleys } from "./volleys.ts";
