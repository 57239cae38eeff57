// Generated from proto/grpc/reflection/v1/reflection.proto by scripts/generate_proto.ts. Do not edit.
// deno-lint-ignore-file

import { codec, finish, readBytes, readString, skip, spend, subEnd, type Budget, type Codec, type Reader, type StreamMethod, type Writer } from "../wire.ts";

export interface ServerReflectionRequest {
  readonly host: string;
  readonly messageRequest?:
    | { readonly kind: "fileByFilename"; readonly value: string }
    | { readonly kind: "fileContainingSymbol"; readonly value: string }
    | { readonly kind: "fileContainingExtension"; readonly value: ExtensionRequest }
    | { readonly kind: "allExtensionNumbersOfType"; readonly value: string }
    | { readonly kind: "listServices"; readonly value: string }
    | undefined;
}

export function writeServerReflectionRequest(writer: Writer, message: ServerReflectionRequest): void {
  if (message.host !== "") {
    writer.uint32(10); writer.string(message.host);
  }
  if (message.messageRequest?.kind === "fileByFilename") {
    writer.uint32(26); writer.string(message.messageRequest.value);
  }
  if (message.messageRequest?.kind === "fileContainingSymbol") {
    writer.uint32(34); writer.string(message.messageRequest.value);
  }
  if (message.messageRequest?.kind === "fileContainingExtension") {
    writer.uint32(42).fork(); writeExtensionRequest(writer, message.messageRequest.value); writer.ldelim();
  }
  if (message.messageRequest?.kind === "allExtensionNumbersOfType") {
    writer.uint32(50); writer.string(message.messageRequest.value);
  }
  if (message.messageRequest?.kind === "listServices") {
    writer.uint32(58); writer.string(message.messageRequest.value);
  }
}

export function readServerReflectionRequest(reader: Reader, end: number, budget: Budget): ServerReflectionRequest {
  const message: { -readonly [K in keyof ServerReflectionRequest]: ServerReflectionRequest[K] } = { host: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.host = readString(reader);
        break;
      case 26:
        message.messageRequest = { kind: "fileByFilename", value: readString(reader) };
        break;
      case 34:
        message.messageRequest = { kind: "fileContainingSymbol", value: readString(reader) };
        break;
      case 42:
        message.messageRequest = { kind: "fileContainingExtension", value: readExtensionRequest(reader, subEnd(reader), budget) };
        break;
      case 50:
        message.messageRequest = { kind: "allExtensionNumbersOfType", value: readString(reader) };
        break;
      case 58:
        message.messageRequest = { kind: "listServices", value: readString(reader) };
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ServerReflectionRequest: Codec<ServerReflectionRequest> = codec(
  "grpc.reflection.v1.ServerReflectionRequest",
  () => ({ host: "" }),
  writeServerReflectionRequest,
  readServerReflectionRequest,
);

export interface ExtensionRequest {
  readonly containingType: string;
  readonly extensionNumber: number;
}

export function writeExtensionRequest(writer: Writer, message: ExtensionRequest): void {
  if (message.containingType !== "") {
    writer.uint32(10); writer.string(message.containingType);
  }
  if (message.extensionNumber !== 0) {
    writer.uint32(16); writer.int32(message.extensionNumber);
  }
}

export function readExtensionRequest(reader: Reader, end: number, budget: Budget): ExtensionRequest {
  const message: { -readonly [K in keyof ExtensionRequest]: ExtensionRequest[K] } = { containingType: "", extensionNumber: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.containingType = readString(reader);
        break;
      case 16:
        message.extensionNumber = reader.int32();
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ExtensionRequest: Codec<ExtensionRequest> = codec(
  "grpc.reflection.v1.ExtensionRequest",
  () => ({ containingType: "", extensionNumber: 0 }),
  writeExtensionRequest,
  readExtensionRequest,
);

export interface ServerReflectionResponse {
  readonly validHost: string;
  readonly originalRequest?: ServerReflectionRequest | undefined;
  readonly messageResponse?:
    | { readonly kind: "fileDescriptorResponse"; readonly value: FileDescriptorResponse }
    | { readonly kind: "listServicesResponse"; readonly value: ListServiceResponse }
    | { readonly kind: "errorResponse"; readonly value: ErrorResponse }
    | undefined;
}

export function writeServerReflectionResponse(writer: Writer, message: ServerReflectionResponse): void {
  if (message.validHost !== "") {
    writer.uint32(10); writer.string(message.validHost);
  }
  if (message.originalRequest !== undefined) {
    writer.uint32(18).fork(); writeServerReflectionRequest(writer, message.originalRequest); writer.ldelim();
  }
  if (message.messageResponse?.kind === "fileDescriptorResponse") {
    writer.uint32(34).fork(); writeFileDescriptorResponse(writer, message.messageResponse.value); writer.ldelim();
  }
  if (message.messageResponse?.kind === "listServicesResponse") {
    writer.uint32(50).fork(); writeListServiceResponse(writer, message.messageResponse.value); writer.ldelim();
  }
  if (message.messageResponse?.kind === "errorResponse") {
    writer.uint32(58).fork(); writeErrorResponse(writer, message.messageResponse.value); writer.ldelim();
  }
}

export function readServerReflectionResponse(reader: Reader, end: number, budget: Budget): ServerReflectionResponse {
  const message: { -readonly [K in keyof ServerReflectionResponse]: ServerReflectionResponse[K] } = { validHost: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.validHost = readString(reader);
        break;
      case 18:
        message.originalRequest = readServerReflectionRequest(reader, subEnd(reader), budget);
        break;
      case 34:
        message.messageResponse = { kind: "fileDescriptorResponse", value: readFileDescriptorResponse(reader, subEnd(reader), budget) };
        break;
      case 50:
        message.messageResponse = { kind: "listServicesResponse", value: readListServiceResponse(reader, subEnd(reader), budget) };
        break;
      case 58:
        message.messageResponse = { kind: "errorResponse", value: readErrorResponse(reader, subEnd(reader), budget) };
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ServerReflectionResponse: Codec<ServerReflectionResponse> = codec(
  "grpc.reflection.v1.ServerReflectionResponse",
  () => ({ validHost: "" }),
  writeServerReflectionResponse,
  readServerReflectionResponse,
);

export interface FileDescriptorResponse {
  /** Each a google.protobuf.FileDescriptorProto. */
  readonly fileDescriptorProto: readonly Uint8Array[];
}

export function writeFileDescriptorResponse(writer: Writer, message: FileDescriptorResponse): void {
  for (const item of message.fileDescriptorProto) {
    writer.uint32(10); writer.bytes(item);
  }
}

export function readFileDescriptorResponse(reader: Reader, end: number, budget: Budget): FileDescriptorResponse {
  const message: { -readonly [K in keyof FileDescriptorResponse]: FileDescriptorResponse[K] } = { fileDescriptorProto: [] };
  const fileDescriptorProto: Uint8Array[] = [];
  message.fileDescriptorProto = fileDescriptorProto;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        fileDescriptorProto.push(readBytes(reader));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const FileDescriptorResponse: Codec<FileDescriptorResponse> = codec(
  "grpc.reflection.v1.FileDescriptorResponse",
  () => ({ fileDescriptorProto: [] }),
  writeFileDescriptorResponse,
  readFileDescriptorResponse,
);

export interface ListServiceResponse {
  readonly service: readonly ServiceResponse[];
}

export function writeListServiceResponse(writer: Writer, message: ListServiceResponse): void {
  for (const item of message.service) {
    writer.uint32(10).fork(); writeServiceResponse(writer, item); writer.ldelim();
  }
}

export function readListServiceResponse(reader: Reader, end: number, budget: Budget): ListServiceResponse {
  const message: { -readonly [K in keyof ListServiceResponse]: ListServiceResponse[K] } = { service: [] };
  const service: ServiceResponse[] = [];
  message.service = service;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        spend(budget);
        service.push(readServiceResponse(reader, subEnd(reader), budget));
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ListServiceResponse: Codec<ListServiceResponse> = codec(
  "grpc.reflection.v1.ListServiceResponse",
  () => ({ service: [] }),
  writeListServiceResponse,
  readListServiceResponse,
);

export interface ServiceResponse {
  /** The full name. */
  readonly name: string;
}

export function writeServiceResponse(writer: Writer, message: ServiceResponse): void {
  if (message.name !== "") {
    writer.uint32(10); writer.string(message.name);
  }
}

export function readServiceResponse(reader: Reader, end: number, budget: Budget): ServiceResponse {
  const message: { -readonly [K in keyof ServiceResponse]: ServiceResponse[K] } = { name: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        message.name = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ServiceResponse: Codec<ServiceResponse> = codec(
  "grpc.reflection.v1.ServiceResponse",
  () => ({ name: "" }),
  writeServiceResponse,
  readServiceResponse,
);

export interface ErrorResponse {
  /** A gRPC status number. */
  readonly errorCode: number;
  readonly errorMessage: string;
}

export function writeErrorResponse(writer: Writer, message: ErrorResponse): void {
  if (message.errorCode !== 0) {
    writer.uint32(8); writer.int32(message.errorCode);
  }
  if (message.errorMessage !== "") {
    writer.uint32(18); writer.string(message.errorMessage);
  }
}

export function readErrorResponse(reader: Reader, end: number, budget: Budget): ErrorResponse {
  const message: { -readonly [K in keyof ErrorResponse]: ErrorResponse[K] } = { errorCode: 0, errorMessage: "" };
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 8:
        message.errorCode = reader.int32();
        break;
      case 18:
        message.errorMessage = readString(reader);
        break;
      default:
        skip(reader, tag);
    }
  }
  finish(reader, end);
  return message;
}

export const ErrorResponse: Codec<ErrorResponse> = codec(
  "grpc.reflection.v1.ErrorResponse",
  () => ({ errorCode: 0, errorMessage: "" }),
  writeErrorResponse,
  readErrorResponse,
);

export const ServerReflection: {
  readonly typeName: string;
  readonly methods: {
    readonly serverReflectionInfo: StreamMethod<ServerReflectionRequest, ServerReflectionResponse>;
  };
} = {
  typeName: "grpc.reflection.v1.ServerReflection",
  methods: {
    serverReflectionInfo: { path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", request: ServerReflectionRequest, response: ServerReflectionResponse, requestStream: true, responseStream: true },
  },
};
