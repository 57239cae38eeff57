// Hole punching: packets that open a way through the routers of two nodes who cannot dial each other.

export { decodeProbe, encodeProbe, type Probe, PROBE_BYTES, PROBE_NONCE_BYTES } from "./probe.ts";
export { Puncher, type PuncherDeps } from "./puncher.ts";
