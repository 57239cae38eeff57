// The control socket of a daemon: the server that the daemon runs on it, and the client that the
// command line talks through. grpc-js is loaded only when one of them starts.

export { ControlClient } from "./control_client.ts";
export {
  type ControlHandlers,
  GrpcServer,
  type GrpcServerOptions,
  type GrpcServerState,
} from "./grpc_server.ts";
export { probeSocket, socketPathOf, type SocketState } from "./socket.ts";
