// The one typed door to every message: codecs generated from proto/, 64-bit numbers as bigint.

export * from "./gen/admission_v1.ts";
export * from "./gen/control_v1.ts";
export * from "./gen/mesh_v1.ts";
export * from "./gen/mesh_v2.ts";
export * from "./gen/state_v1.ts";
export * from "./gen/state_v2.ts";
export type { Codec, DecodeLimits, Method } from "./wire.ts";
