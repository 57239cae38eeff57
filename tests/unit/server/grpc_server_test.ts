// The control socket's whole life over real sockets in a temporary folder.

import assert from "node:assert/strict";
import { ControlService, GetStatusResponse, NodeStatus } from "../../../lib/proto/mod.ts";
import { ControlClient, type ControlHandlers, GrpcServer } from "../../../lib/server/mod.ts";
import { PollenError, silentLog } from "../../../lib/types/mod.ts";

const status = GetStatusResponse.create({
  self: {
    node: { peerId: new Uint8Array(32).fill(7) },
    status: NodeStatus.ONLINE,
    addr: "192.0.2.1:60611",
    publiclyAccessible: false,
  },
});

function handlers(overrides: Partial<ControlHandlers> = {}): ControlHandlers {
  return {
    shutdown: () => Promise.resolve({}),
    getBootstrapInfo: () => Promise.resolve({ forwarders: [] }),
    getStatus: () => Promise.resolve(status),
    registerService: () => Promise.resolve({}),
    connectService: (request) => Promise.resolve({ localPort: request.remotePort }),
    unregisterService: ({ port }) => Promise.resolve({ port, names: [] }),
    disconnectService: () => Promise.resolve({ disconnected: [] }),
    connectPeer: () => Promise.resolve({}),
    revokePeer: () => Promise.resolve({}),
    ...overrides,
  };
}

async function inFolder(body: (socketPath: string, dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pollen-server-" });
  try {
    await body(`${dir}/pollen.sock`, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A server that runs, or knows that another one does. */
async function start(
  socketPath: string,
  service = handlers(),
  signal?: AbortSignal,
): Promise<GrpcServer> {
  const server = GrpcServer.create({ socketPath, service, log: silentLog });
  void server.start(signal);
  await server.ready;
  return server;
}

function withCode(code: string, fix = /./) {
  return (thrown: unknown) =>
    thrown instanceof PollenError && thrown.code === code && fix.test(thrown.fix ?? "");
}

/** A socket file that nobody listens at, as a killed daemon leaves it. */
async function leaveStaleSocket(path: string): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path: `${path}.x` });
  await Deno.rename(`${path}.x`, path);
  listener.close();
}

async function modeOf(path: string): Promise<number> {
  return (await Deno.lstat(path)).mode! & 0o777;
}

Deno.test("a started server answers, keeps the socket to its owner, and leaves nothing behind", () =>
  inFolder(async (socketPath, dir) => {
    const server = await start(socketPath);
    assert.equal(await server.ready, "serving");
    assert.equal(await modeOf(socketPath), 0o600);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["pollen.sock"]);
    const client = await ControlClient.open({ socketPath });
    assert.deepEqual(await client.getStatus(), status);
    const node = { peerId: new Uint8Array(32) };
    const answer = await client.connectService({ node, remotePort: 8080, localPort: 0 });
    assert.equal(answer.localPort, 8080);
    client.close();
    await server.close();
    await server.start();
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  }));

Deno.test("a socket that somebody removed is there again", () =>
  inFolder(async (socketPath) => {
    const lines: string[] = [];
    const again = Promise.withResolvers<void>();
    const log = {
      ...silentLog,
      warn: (line: string) => {
        lines.push(line);
        again.resolve();
      },
    };
    const options = { socketPath, service: handlers(), log, lookMs: 10 };
    await using server = GrpcServer.create(options);
    void server.start();
    await server.ready;
    await Deno.remove(socketPath);
    await again.promise;
    assert.deepEqual(lines, ["the control socket was gone and is there again"]);
    using client = await ControlClient.open({ socketPath });
    assert.deepEqual(await client.getStatus(), status);
    client.close();
    await server.close();
    await assert.rejects(Deno.lstat(socketPath), Deno.errors.NotFound);
  }));

Deno.test("a server that was made does nothing before it is started", async () => {
  // A path that no start would take.
  const socketPath = `/${"x".repeat(200)}`;
  const server = GrpcServer.create({ socketPath, service: handlers(), log: silentLog });
  const pending = new Promise<string>((resolve) => setTimeout(() => resolve("pending"), 0));
  const outcome = server.ready.then(() => "ready", () => "failed");
  assert.equal(await Promise.race([outcome, pending]), "pending");
  await server.close();
  await assert.rejects(server.start(), withCode("invalid_argument"));
  assert.equal(await outcome, "failed");
});

Deno.test("a live socket is left alone and reported", () =>
  inFolder(async (socketPath) => {
    await using first = await start(socketPath);
    await using second = await start(socketPath);
    assert.equal(await second.ready, "already_running");
    await second.start();
    await second.close();
    using client = await ControlClient.open({ socketPath });
    assert.deepEqual(await client.getStatus(), status);
    assert.equal(await first.ready, "serving");
  }));

Deno.test("a stale socket is replaced", () =>
  inFolder(async (socketPath) => {
    await leaveStaleSocket(socketPath);
    await using server = await start(socketPath);
    assert.equal(await server.ready, "serving");
    using client = await ControlClient.open({ socketPath });
    assert.deepEqual(await client.getStatus(), status);
  }));

Deno.test("a file in the socket's place is refused and kept", () =>
  inFolder(async (socketPath) => {
    await Deno.writeTextFile(socketPath, "mine");
    await assert.rejects(start(socketPath), withCode("already_exists", /--dir/));
    assert.equal(await Deno.readTextFile(socketPath), "mine");
  }));

Deno.test("closing leaves a socket alone that another server has put there since", () =>
  inFolder(async (socketPath) => {
    const first = await start(socketPath);
    await Deno.remove(socketPath);
    await using _second = await start(socketPath);
    await first.close();
    using client = await ControlClient.open({ socketPath });
    assert.deepEqual(await client.getStatus(), status);
  }));

Deno.test("an aborted signal stops the server and removes the socket", () =>
  inFolder(async (socketPath) => {
    const controller = new AbortController();
    const server = await start(socketPath, handlers(), controller.signal);
    controller.abort();
    await server.start();
    await assert.rejects(Deno.lstat(socketPath), Deno.errors.NotFound);
  }));

Deno.test("Shutdown is answered although the handler stops the server", () =>
  inFolder(async (socketPath) => {
    const controller = new AbortController();
    const service = handlers({
      shutdown: () => {
        controller.abort();
        return Promise.resolve({});
      },
    });
    const server = await start(socketPath, service, controller.signal);
    const client = await ControlClient.open({ socketPath });
    await client.shutdown();
    client.close();
    await server.start();
  }));

Deno.test("a path beyond the operating system's limit is refused with a way out", () =>
  inFolder(async (_, dir) => {
    const socketPath = `${dir}/${"x".repeat(100)}/pollen.sock`;
    await assert.rejects(start(socketPath), withCode("invalid_argument", /--dir/));
    await assert.rejects(
      ControlClient.open({ socketPath }),
      withCode("invalid_argument", /POLLEN_DIR/),
    );
  }));

// grpc-js leaves the timer of its next attempt behind, which holds nobody up.
Deno.test(
  "without a daemon the client says so and how to start one",
  { sanitizeOps: false, sanitizeResources: false },
  () =>
    inFolder(async (socketPath) => {
      const isDown = withCode("unavailable", /pollen up/);
      await assert.rejects(ControlClient.open({ socketPath }), isDown);
      await leaveStaleSocket(socketPath);
      using client = await ControlClient.open({ socketPath });
      await assert.rejects(client.getStatus(), isDown);
    }),
);

Deno.test("a daemon's refusal arrives with its code, text and fix", () =>
  inFolder(async (socketPath) => {
    const refusal = new PollenError("refused", "That port is closed to you.", { fix: "Ask." });
    const service = handlers({ registerService: () => Promise.reject(refusal) });
    await using _server = await start(socketPath, service);
    using client = await ControlClient.open({ socketPath });
    await assert.rejects(client.registerService({ port: 80 }), (thrown: unknown) => {
      assert(thrown instanceof PollenError);
      assert.equal(thrown.code, "refused");
      assert.equal(thrown.text, refusal.text);
      return true;
    });
  }));

Deno.test("the handlers' names are those of the service", () => {
  assert.deepEqual(Object.keys(handlers()).sort(), Object.keys(ControlService.methods).sort());
});
