// gRPC for the rest of the program: typed servers and clients over the generated services, behind
// the HTTP/2 shim. Loading this file loads grpc-js; whoever may do without takes it by a dynamic
// import and its types by a type-only one.

export { client, type ClientOptions, type RpcClient } from "./client.ts";
export {
  CALL_TIMEOUT_MS,
  type CallContext,
  type CallOptions,
  type Calls,
  type Handler,
  type Handlers,
  type Service,
  type StreamHandler,
} from "./method.ts";
export {
  implement,
  type RpcServer,
  serve,
  type ServedService,
  type ServeOptions,
} from "./server.ts";
export { decodeError, encodeError, ERROR_TRAILER, type Status, toPublicError } from "./status.ts";
