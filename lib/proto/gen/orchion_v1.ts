// Generated from proto/orchion/v1/orchestrator.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readInt64, readString, skip, spend, subEnd, type Budget, type Codec, type Method, type Reader, type Writer, writeUint64 } from "../wire.ts";

/** What a machine has, in words for people. */
export interface Capabilities {
  readonly cpu: string;
  readonly memory: string;
  readonly os: string;
  readonly gpuType: string;
  readonly gpuVramTotal: string;
  readonly gpuVramAvailable: string;
  /** Older agents send it instead of gpu_power_usage. */
  readonly powerUsage: string;
  readonly gpuVramUsed: string;
  readonly gpuTemperature: string;
  readonly gpuPowerUsage: string;
}

export function writeCapabilities(writer: Writer, message: Capabilities): void {
  if (message.cpu !== "") {
    writer.uint32(10); writer.string(message.cpu);
  }
  if (message.memory !== "") {
    writer.uint32(18); writer.string(message.memory);
  }
  if (message.os !== "") {
    writer.uint32(26); writer.string(message.os);
  }
  if (message.gpuType !== "") {
    writer.uint32(34); writer.string(message.gpuType);
  }
  if (message.gpuVramTotal !== "") {
    writer.uint32(42); writer.string(message.gpuVramTotal);
  }
  if (message.gpuVramAvailable !== "") {
    writer.uint32(50); writer.string(message.gpuVramAvailable);
  }
  if (message.powerUsage !== "") {
    writer.uint32(58); writer.string(message.powerUsage);
  }
  if (message.gpuVramUsed !== "") {
    writer.uint32(66); writer.string(message.gpuVramUsed);
  }
  if (message.gpuTemperature !== "") {
    writer.uint32(74); writer.string(message.gpuTemperature);
  }
  if (message.gpuPowerUsage !== "") {
    writer.uint32(82); writer.string(message.gpuPowerUsage);
  }
}

export function readCapabilities(reader: Reader, end: number, budget: Budget): Capabilities {
  const message: { -readonly [K in keyof Capabilities]: Capabilities[K] } = { cpu: "", memory: "", os: "", gpuType: "", gpuVramTotal: "", gpuVramAvailable: "", powerUsage: "", gpuVramUsed: "", gpuTemperature: "", gpuPowerUsage: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.cpu = readString(reader);
        break;
      case 18:
        message.memory = readString(reader);
        break;
      case 26:
        message.os = readString(reader);
        break;
      case 34:
        message.gpuType = readString(reader);
        break;
      case 42:
        message.gpuVramTotal = readString(reader);
        break;
      case 50:
        message.gpuVramAvailable = readString(reader);
        break;
      case 58:
        message.powerUsage = readString(reader);
        break;
      case 66:
        message.gpuVramUsed = readString(reader);
        break;
      case 74:
        message.gpuTemperature = readString(reader);
        break;
      case 82:
        message.gpuPowerUsage = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Capabilities: Codec<Capabilities> = codec(
  "orchion.v1.Capabilities",
  () => ({ cpu: "", memory: "", os: "", gpuType: "", gpuVramTotal: "", gpuVramAvailable: "", powerUsage: "", gpuVramUsed: "", gpuTemperature: "", gpuPowerUsage: "" }),
  writeCapabilities,
  readCapabilities,
);

/** A registered machine. */
export interface Node {
  readonly id: string;
  readonly hostname: string;
  readonly capabilities?: Capabilities | undefined;
  /** Seconds since 1970, by the registry's clock; what an agent puts here is ignored. */
  readonly lastSeenUnix: bigint;
  /** host:port of the agent's own service. */
  readonly agentAddress: string;
}

export function writeNode(writer: Writer, message: Node): void {
  if (message.id !== "") {
    writer.uint32(10); writer.string(message.id);
  }
  if (message.hostname !== "") {
    writer.uint32(18); writer.string(message.hostname);
  }
  if (message.capabilities !== undefined) {
    writer.uint32(26).fork(); writeCapabilities(writer, message.capabilities); writer.ldelim();
  }
  if (message.lastSeenUnix !== 0n) {
    writer.uint32(32); writeUint64(writer, message.lastSeenUnix);
  }
  if (message.agentAddress !== "") {
    writer.uint32(42); writer.string(message.agentAddress);
  }
}

export function readNode(reader: Reader, end: number, budget: Budget): Node {
  const message: { -readonly [K in keyof Node]: Node[K] } = { id: "", hostname: "", lastSeenUnix: 0n, agentAddress: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.id = readString(reader);
        break;
      case 18:
        message.hostname = readString(reader);
        break;
      case 26:
        message.capabilities = readCapabilities(reader, subEnd(reader), budget);
        break;
      case 32:
        message.lastSeenUnix = readInt64(reader);
        break;
      case 42:
        message.agentAddress = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const Node: Codec<Node> = codec(
  "orchion.v1.Node",
  () => ({ id: "", hostname: "", lastSeenUnix: 0n, agentAddress: "" }),
  writeNode,
  readNode,
);

export interface RegisterNodeRequest {
  readonly node?: Node | undefined;
}

export function writeRegisterNodeRequest(writer: Writer, message: RegisterNodeRequest): void {
  if (message.node !== undefined) {
    writer.uint32(10).fork(); writeNode(writer, message.node); writer.ldelim();
  }
}

export function readRegisterNodeRequest(reader: Reader, end: number, budget: Budget): RegisterNodeRequest {
  const message: { -readonly [K in keyof RegisterNodeRequest]: RegisterNodeRequest[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.node = readNode(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RegisterNodeRequest: Codec<RegisterNodeRequest> = codec(
  "orchion.v1.RegisterNodeRequest",
  () => ({  }),
  writeRegisterNodeRequest,
  readRegisterNodeRequest,
);

export interface RegisterNodeResponse {
}

export function writeRegisterNodeResponse(writer: Writer, message: RegisterNodeResponse): void {
}

export function readRegisterNodeResponse(reader: Reader, end: number, budget: Budget): RegisterNodeResponse {
  const message: { -readonly [K in keyof RegisterNodeResponse]: RegisterNodeResponse[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const RegisterNodeResponse: Codec<RegisterNodeResponse> = codec(
  "orchion.v1.RegisterNodeResponse",
  () => ({  }),
  writeRegisterNodeResponse,
  readRegisterNodeResponse,
);

export interface UpdateNodeRequest {
  readonly nodeId: string;
  readonly capabilities?: Capabilities | undefined;
}

export function writeUpdateNodeRequest(writer: Writer, message: UpdateNodeRequest): void {
  if (message.nodeId !== "") {
    writer.uint32(10); writer.string(message.nodeId);
  }
  if (message.capabilities !== undefined) {
    writer.uint32(18).fork(); writeCapabilities(writer, message.capabilities); writer.ldelim();
  }
}

export function readUpdateNodeRequest(reader: Reader, end: number, budget: Budget): UpdateNodeRequest {
  const message: { -readonly [K in keyof UpdateNodeRequest]: UpdateNodeRequest[K] } = { nodeId: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.nodeId = readString(reader);
        break;
      case 18:
        message.capabilities = readCapabilities(reader, subEnd(reader), budget);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const UpdateNodeRequest: Codec<UpdateNodeRequest> = codec(
  "orchion.v1.UpdateNodeRequest",
  () => ({ nodeId: "" }),
  writeUpdateNodeRequest,
  readUpdateNodeRequest,
);

export interface UpdateNodeResponse {
}

export function writeUpdateNodeResponse(writer: Writer, message: UpdateNodeResponse): void {
}

export function readUpdateNodeResponse(reader: Reader, end: number, budget: Budget): UpdateNodeResponse {
  const message: { -readonly [K in keyof UpdateNodeResponse]: UpdateNodeResponse[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const UpdateNodeResponse: Codec<UpdateNodeResponse> = codec(
  "orchion.v1.UpdateNodeResponse",
  () => ({  }),
  writeUpdateNodeResponse,
  readUpdateNodeResponse,
);

export interface HeartbeatRequest {
  readonly nodeId: string;
}

export function writeHeartbeatRequest(writer: Writer, message: HeartbeatRequest): void {
  if (message.nodeId !== "") {
    writer.uint32(10); writer.string(message.nodeId);
  }
}

export function readHeartbeatRequest(reader: Reader, end: number, budget: Budget): HeartbeatRequest {
  const message: { -readonly [K in keyof HeartbeatRequest]: HeartbeatRequest[K] } = { nodeId: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.nodeId = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const HeartbeatRequest: Codec<HeartbeatRequest> = codec(
  "orchion.v1.HeartbeatRequest",
  () => ({ nodeId: "" }),
  writeHeartbeatRequest,
  readHeartbeatRequest,
);

export interface HeartbeatResponse {
}

export function writeHeartbeatResponse(writer: Writer, message: HeartbeatResponse): void {
}

export function readHeartbeatResponse(reader: Reader, end: number, budget: Budget): HeartbeatResponse {
  const message: { -readonly [K in keyof HeartbeatResponse]: HeartbeatResponse[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const HeartbeatResponse: Codec<HeartbeatResponse> = codec(
  "orchion.v1.HeartbeatResponse",
  () => ({  }),
  writeHeartbeatResponse,
  readHeartbeatResponse,
);

export interface ListNodesRequest {
}

export function writeListNodesRequest(writer: Writer, message: ListNodesRequest): void {
}

export function readListNodesRequest(reader: Reader, end: number, budget: Budget): ListNodesRequest {
  const message: { -readonly [K in keyof ListNodesRequest]: ListNodesRequest[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ListNodesRequest: Codec<ListNodesRequest> = codec(
  "orchion.v1.ListNodesRequest",
  () => ({  }),
  writeListNodesRequest,
  readListNodesRequest,
);

export interface ListNodesResponse {
  readonly nodes: readonly Node[];
}

export function writeListNodesResponse(writer: Writer, message: ListNodesResponse): void {
  for (const item of message.nodes) {
    writer.uint32(10).fork(); writeNode(writer, item); writer.ldelim();
  }
}

export function readListNodesResponse(reader: Reader, end: number, budget: Budget): ListNodesResponse {
  const message: { -readonly [K in keyof ListNodesResponse]: ListNodesResponse[K] } = { nodes: [] };
  const nodes: Node[] = [];
  message.nodes = nodes;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        nodes.push(readNode(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ListNodesResponse: Codec<ListNodesResponse> = codec(
  "orchion.v1.ListNodesResponse",
  () => ({ nodes: [] }),
  writeListNodesResponse,
  readListNodesResponse,
);

export interface UnregisterNodeRequest {
  readonly nodeId: string;
}

export function writeUnregisterNodeRequest(writer: Writer, message: UnregisterNodeRequest): void {
  if (message.nodeId !== "") {
    writer.uint32(10); writer.string(message.nodeId);
  }
}

export function readUnregisterNodeRequest(reader: Reader, end: number, budget: Budget): UnregisterNodeRequest {
  const message: { -readonly [K in keyof UnregisterNodeRequest]: UnregisterNodeRequest[K] } = { nodeId: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.nodeId = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const UnregisterNodeRequest: Codec<UnregisterNodeRequest> = codec(
  "orchion.v1.UnregisterNodeRequest",
  () => ({ nodeId: "" }),
  writeUnregisterNodeRequest,
  readUnregisterNodeRequest,
);

export interface UnregisterNodeResponse {
}

export function writeUnregisterNodeResponse(writer: Writer, message: UnregisterNodeResponse): void {
}

export function readUnregisterNodeResponse(reader: Reader, end: number, budget: Budget): UnregisterNodeResponse {
  const message: { -readonly [K in keyof UnregisterNodeResponse]: UnregisterNodeResponse[K] } = {  };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const UnregisterNodeResponse: Codec<UnregisterNodeResponse> = codec(
  "orchion.v1.UnregisterNodeResponse",
  () => ({  }),
  writeUnregisterNodeResponse,
  readUnregisterNodeResponse,
);

export const Orchestrator: {
  readonly typeName: string;
  readonly methods: {
    readonly registerNode: Method<RegisterNodeRequest, RegisterNodeResponse>;
    readonly updateNode: Method<UpdateNodeRequest, UpdateNodeResponse>;
    readonly heartbeat: Method<HeartbeatRequest, HeartbeatResponse>;
    readonly listNodes: Method<ListNodesRequest, ListNodesResponse>;
    readonly unregisterNode: Method<UnregisterNodeRequest, UnregisterNodeResponse>;
  };
} = {
  typeName: "orchion.v1.Orchestrator",
  methods: {
    registerNode: { path: "/orchion.v1.Orchestrator/RegisterNode", request: RegisterNodeRequest, response: RegisterNodeResponse, requestStream: false, responseStream: false },
    updateNode: { path: "/orchion.v1.Orchestrator/UpdateNode", request: UpdateNodeRequest, response: UpdateNodeResponse, requestStream: false, responseStream: false },
    heartbeat: { path: "/orchion.v1.Orchestrator/Heartbeat", request: HeartbeatRequest, response: HeartbeatResponse, requestStream: false, responseStream: false },
    listNodes: { path: "/orchion.v1.Orchestrator/ListNodes", request: ListNodesRequest, response: ListNodesResponse, requestStream: false, responseStream: false },
    unregisterNode: { path: "/orchion.v1.Orchestrator/UnregisterNode", request: UnregisterNodeRequest, response: UnregisterNodeResponse, requestStream: false, responseStream: false },
  },
};
