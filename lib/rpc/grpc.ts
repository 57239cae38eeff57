// The only place that loads grpc-js, after the shim without which it can abort the process.

import "./http2_shim.ts";

export * from "@grpc/grpc-js";
