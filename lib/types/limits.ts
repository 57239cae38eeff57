// Every bound on what others can make this node hold, decode or do, each with its unit and its reason.
// Those of the engine's own thread stand in lib/quic/native/src/limits.rs, those of a registry in
// lib/registry/limits.ts. What happens at a bound is said where it is not an error: what is refused is
// counted by the limit's name, and logged once a minute and name at most (exceeded.ts).

export * from "./limits/files.ts";
export * from "./limits/messages.ts";
export * from "./limits/names.ts";
export * from "./limits/peers.ts";
export * from "./limits/router.ts";
export * from "./limits/state.ts";
export * from "./limits/strangers.ts";
export * from "./limits/times.ts";
export * from "./limits/tunnels.ts";
export * from "./limits/ways.ts";
