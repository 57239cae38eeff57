// Generated from proto/grpc/health/v1/health.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readString, skip, type Budget, type Codec, type Method, type Reader, type StreamMethod, type Writer } from "../wire.ts";

export interface HealthCheckRequest {
  /** The full name of a service; the server as a whole when empty. */
  readonly service: string;
}

export function writeHealthCheckRequest(writer: Writer, message: HealthCheckRequest): void {
  if (message.service !== "") {
    writer.uint32(10); writer.string(message.service);
  }
}

export function readHealthCheckRequest(reader: Reader, end: number, budget: Budget): HealthCheckRequest {
  const message: { -readonly [K in keyof HealthCheckRequest]: HealthCheckRequest[K] } = { service: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.service = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const HealthCheckRequest: Codec<HealthCheckRequest> = codec(
  "grpc.health.v1.HealthCheckRequest",
  () => ({ service: "" }),
  writeHealthCheckRequest,
  readHealthCheckRequest,
);

export interface HealthCheckResponse {
  readonly status: ServingStatus;
}

export function writeHealthCheckResponse(writer: Writer, message: HealthCheckResponse): void {
  if (message.status !== 0) {
    writer.uint32(8); writer.int32(message.status);
  }
}

export function readHealthCheckResponse(reader: Reader, end: number, budget: Budget): HealthCheckResponse {
  const message: { -readonly [K in keyof HealthCheckResponse]: HealthCheckResponse[K] } = { status: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.status = reader.int32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const HealthCheckResponse: Codec<HealthCheckResponse> = codec(
  "grpc.health.v1.HealthCheckResponse",
  () => ({ status: 0 }),
  writeHealthCheckResponse,
  readHealthCheckResponse,
);

export const ServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;
/** One of the constants above, or a number that this version does not know. */
export type ServingStatus = number;

export const Health: {
  readonly typeName: string;
  readonly methods: {
    readonly check: Method<HealthCheckRequest, HealthCheckResponse>;
    readonly watch: StreamMethod<HealthCheckRequest, HealthCheckResponse>;
  };
} = {
  typeName: "grpc.health.v1.Health",
  methods: {
    check: { path: "/grpc.health.v1.Health/Check", request: HealthCheckRequest, response: HealthCheckResponse, requestStream: false, responseStream: false },
    watch: { path: "/grpc.health.v1.Health/Watch", request: HealthCheckRequest, response: HealthCheckResponse, requestStream: false, responseStream: true },
  },
};
