// The one typed door to every message: codecs generated from proto/, 64-bit numbers as bigint.

export * from "./gen/admission_v1.ts";
export * from "./gen/control_v1.ts";
export * from "./gen/mesh_v1.ts";
export * from "./gen/mesh_v2.ts";
export * from "./gen/state_v1.ts";
export * from "./gen/state_v2.ts";
/** What agents of Orchion speak with a registry. */
export * as orchion from "./gen/orchion_v1.ts";
/** gRPC's health checks. */
export * as health from "./gen/grpc_health_v1.ts";
/** gRPC's server reflection. */
export * as reflection from "./gen/grpc_reflection_v1.ts";
export { FILE_DESCRIPTORS } from "./gen/descriptors.ts";
export type { Codec, DecodeLimits, Method, StreamMethod } from "./wire.ts";
