// The least that a program can do to ask the daemon anything: one grpc-js call over the Unix socket
// named by the first argument, its answer left undecoded. `bench:start` holds `pollen status` against it.

import { Buffer } from "node:buffer";
import { Client, credentials } from "@grpc/grpc-js";

const client = new Client(`unix:${Deno.args[0]}`, credentials.createInsecure());
client.makeUnaryRequest(
  "/pollen.control.v1.ControlService/GetStatus",
  () => Buffer.alloc(0),
  (bytes: Buffer) => bytes,
  null,
  (failure, answer) => {
    console.log(failure === null ? `${answer!.length} bytes` : failure.message);
    Deno.exit(failure === null ? 0 : 1);
  },
);
