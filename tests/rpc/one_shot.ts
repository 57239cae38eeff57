// Two processes for the crash test, by the first argument: a control server, and a client that
// connects, makes one call and hangs up, again and again, as a command line does.
//
//   one_shot.ts server SOCKET           says "ready", serves until its standard input ends
//   one_shot.ts client SOCKET COUNT     exits 0 when every call was answered

import { ControlService, GetStatusResponse } from "../../lib/proto/mod.ts";
import { client } from "../../lib/rpc/mod.ts";
import { GrpcServer } from "../../lib/server/mod.ts";
import { silentLog } from "../../lib/types/mod.ts";

const [role, socketPath, count] = Deno.args;

async function runServer(socketPath: string): Promise<void> {
  await using server = GrpcServer.create({
    socketPath,
    service: {
      shutdown: () => Promise.resolve({}),
      getBootstrapInfo: () => Promise.resolve({ forwarders: [] }),
      getStatus: () => Promise.resolve(GetStatusResponse.create()),
      registerService: () => Promise.resolve({}),
      connectService: () => Promise.resolve({ localPort: 0 }),
      unregisterService: ({ port }) => Promise.resolve({ port, names: [] }),
      disconnectService: () => Promise.resolve({ disconnected: [] }),
      connectPeer: () => Promise.resolve({}),
      revokePeer: () => Promise.resolve({}),
    },
    log: silentLog,
  });
  void server.start();
  await server.ready;
  await Deno.stdout.write(new TextEncoder().encode("ready\n"));
  await Array.fromAsync(Deno.stdin.readable);
}

async function runClient(socketPath: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    using rpc = client(ControlService, { address: `unix:${socketPath}` });
    await rpc.calls.getStatus({});
  }
}

if (role === "server") await runServer(socketPath!);
else await runClient(socketPath!, Number(count));
