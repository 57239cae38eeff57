// The only place that loads grpc-js, after the shim without which it can abort the process.

import "./http2_shim.ts";
import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

export * from "@grpc/grpc-js";

// What goes wrong is thrown; lines of its own on standard error would be said twice.
if (Deno.env.get("GRPC_VERBOSITY") === undefined) setLogVerbosity(logVerbosity.NONE);
