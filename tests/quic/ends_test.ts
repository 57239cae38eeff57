// Every end of a tunnel: both sides end, each is told why, and nothing is left of it.

import assert from "node:assert/strict";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer,
  type Server,
  type Socket,
} from "node:net";
import type { Bridge, BridgeEnd, TcpTarget } from "../../lib/types/mod.ts";
import { StreamCode } from "../../lib/types/mod.ts";
import {
  inTime,
  MORE_THAN_WINDOWS,
  openPair,
  type Pair,
  pattern,
  present,
  sha256,
  until,
} from "./support.ts";
import {
  Arrivals,
  closedPort,
  connectAndRead,
  HEAD,
  nextEnd,
  openOrigin,
  openTunnel,
  readToEnd,
  type Tunnel,
  writeAll,
} from "./tunnel.ts";

const FAILED_FORWARDS = 1_000;
const ABORTED_UPLOADS = 1_000;
/** Tunnels that are begun at once. */
const AT_ONCE = 50;

const text = (value: string) => new TextEncoder().encode(value);

/** Waits until neither engine has a stream or a bridge. */
async function untilNothingIsLeft({ client, server }: Pair): Promise<void> {
  await until(
    () => [client, server].every((engine) => engine.stats().streams + engine.stats().bridges === 0),
    "the end of every stream and bridge",
  );
}

/** A TCP server whose connections are node's, which can be reset. */
class ResettableOrigin implements AsyncDisposable {
  readonly sockets = new Arrivals<Socket>();
  readonly #server: Server;
  #last: Socket | null = null;

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => {});
      this.#last = socket;
      this.sockets.put(socket);
    });
  }

  static async open(): Promise<ResettableOrigin> {
    const origin = new ResettableOrigin();
    await new Promise<void>((resolve) => origin.#server.listen(0, "127.0.0.1", () => resolve()));
    return origin;
  }

  get target(): TcpTarget {
    return { ip: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  get last(): Socket {
    return present(this.#last);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#last?.destroy();
    return new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** One tunnel, and the hands that may end it. */
interface Ends {
  readonly tunnel: Tunnel;
  readonly client: Socket;
  readonly near: Bridge;
  readonly far: Bridge;
  resetOrigin(): void;
}

/** A way to end a tunnel, and what each end says of it. */
interface Way {
  readonly name: string;
  end(ends: Ends): void;
  readonly near: readonly [BridgeEnd["kind"], errorCode: number];
  readonly far: readonly [BridgeEnd["kind"], errorCode: number];
}

const WAYS: readonly Way[] = [
  {
    name: "the client resets",
    end: ({ client }) => void client.resetAndDestroy(),
    near: ["tcp_reset", 0],
    far: ["stream_reset", StreamCode.tcpReset],
  },
  {
    name: "the origin resets",
    end: ({ resetOrigin }) => resetOrigin(),
    near: ["stream_reset", StreamCode.tcpReset],
    far: ["tcp_reset", 0],
  },
  {
    name: "the near end cuts it",
    end: ({ near }) => near.abort(),
    near: ["aborted", 0],
    far: ["stream_reset", StreamCode.cut],
  },
  {
    name: "the far end cuts it",
    end: ({ far }) => far.abort(),
    near: ["stream_reset", StreamCode.cut],
    far: ["aborted", 0],
  },
  {
    name: "the near end closes the session",
    end: ({ tunnel }) => tunnel.pair.near.close("over"),
    near: ["session_closed", 0],
    far: ["session_closed", 0],
  },
  {
    name: "the far end closes the session",
    end: ({ tunnel }) => tunnel.pair.far.close("over"),
    near: ["session_closed", 0],
    far: ["session_closed", 0],
  },
];

/** Resolves with how a socket ended: with an error, or cleanly. */
function ended(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("error", (error) => resolve(String((error as { code?: string }).code)));
  socket.once("end", () => resolve("clean"));
  return promise;
}

/** A TCP connection that can be reset, and the origin's side of it. */
async function openEnds(tunnel: Tunnel, origin: ResettableOrigin): Promise<Ends> {
  const client = connectTcp(tunnel.port, "127.0.0.1");
  const [near, far, server] = await Promise.all([
    tunnel.nearBridges.next("a near bridge"),
    tunnel.farBridges.next("a far bridge"),
    origin.sockets.next("a connection"),
  ]);
  // A byte from end to end: now it is a tunnel, and no attempt at one.
  const arrived = new Promise<void>((resolve) => client.once("data", () => resolve()));
  server.write("x");
  await inTime(arrived, "the first byte");
  client.pause();
  return { tunnel, client, near, far, resetOrigin: () => void server.resetAndDestroy() };
}

/** What a socket says of a reset: the one who reads, and the one who writes after it. */
const RESET = /^(ECONNRESET|EPIPE)$/;

for (const state of ["idle", "uploading", "half closed"] as const) {
  for (const way of WAYS) {
    Deno.test(`${way.name} while a tunnel is ${state}: both sides are reset, and told why`, async () => {
      await using origin = await ResettableOrigin.open();
      await using tunnel = await openTunnel([origin.target]);
      const ends = await openEnds(tunnel, origin);
      const server = origin.last;
      if (state === "uploading") {
        // Nobody reads: the upload stops once every window is full, wherever it is then.
        ends.client.write(MORE_THAN_WINDOWS);
        await inTime(new Promise<void>((resolve) => server.once("readable", resolve)), "bytes");
      }
      if (state === "half closed") {
        ends.client.end();
        server.resume();
        await inTime(
          new Promise<void>((resolve) => server.once("end", () => resolve())),
          "the end",
        );
      }
      const [clientEnd, serverEnd] = [ended(ends.client), ended(server)];
      way.end(ends);
      const told = async (bridge: Bridge) => {
        const { kind, errorCode } = await inTime(bridge.ended, "the end of a bridge");
        return [kind, errorCode];
      };
      assert.deepEqual(await told(ends.near), way.near);
      assert.deepEqual(await told(ends.far), way.far);
      if (way.name !== "the client resets") {
        ends.client.resume();
        assert.match(await inTime(clientEnd, "the client's end"), RESET);
      }
      if (way.name !== "the origin resets") {
        // Who has read to the end hears of a reset by his next write.
        if (state === "half closed") server.write("late");
        else server.resume();
        assert.match(await inTime(serverEnd, "the origin's end"), RESET);
      }
      await untilNothingIsLeft(tunnel.pair);
      ends.client.destroy();
    });
  }
}

Deno.test("the client's end of stream reaches the origin, which still answers", async () => {
  using origin = openOrigin();
  await using tunnel = await openTunnel([origin.target]);
  using client = await tunnel.connect();
  await writeAll(client, text("question"));
  await client.closeWrite();
  using server = await origin.accept();
  assert.deepEqual(await readToEnd(server), text("question"));
  await writeAll(server, text("answer"));
  await server.closeWrite();
  assert.deepEqual(await readToEnd(client), text("answer"));
  assert.equal((await nextEnd(tunnel.nearBridges)).kind, "finished");
  assert.equal((await nextEnd(tunnel.farBridges)).kind, "finished");
});

Deno.test("the origin's end of stream reaches the client, which still sends", async () => {
  using origin = openOrigin();
  await using tunnel = await openTunnel([origin.target]);
  using client = await tunnel.connect();
  using server = await origin.accept();
  await writeAll(server, text("greeting"));
  await server.closeWrite();
  assert.deepEqual(await readToEnd(client), text("greeting"));
  await writeAll(client, text("still here"));
  await client.closeWrite();
  assert.deepEqual(await readToEnd(server), text("still here"));
  assert.equal((await nextEnd(tunnel.nearBridges)).kind, "finished");
});

Deno.test("an origin that is down resets the client and says why", async () => {
  await using tunnel = await openTunnel([closedPort()]);
  assert.equal(await connectAndRead(tunnel.port), "reset");
  const far = await nextEnd(tunnel.farBridges);
  assert.equal(far.kind, "unreachable_target");
  assert.match(far.reason, /refused/i);
  const near = await nextEnd(tunnel.nearBridges);
  assert.deepEqual([near.kind, near.errorCode], ["stream_reset", StreamCode.noAnswer]);
});

Deno.test("a client that closes early stops the origin", async () => {
  using origin = openOrigin();
  await using tunnel = await openTunnel([origin.target]);
  const client = await tunnel.connect();
  using server = await origin.accept();
  const endless = (async () => {
    const block = pattern(256 * 1024);
    try {
      while (true) await writeAll(server, block);
    } catch (error) {
      return error;
    }
  })();
  const some = new Uint8Array(1024);
  assert.notEqual(await inTime(client.read(some), "the first bytes"), null);
  client.close();
  const error = await inTime(endless, "the reset of the origin");
  assert.ok(
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe,
  );
  assert.equal((await nextEnd(tunnel.nearBridges)).kind, "tcp_reset");
  assert.equal((await nextEnd(tunnel.farBridges)).kind, "stream_reset");
});

/** Descriptors of this process; null where the system does not tell. */
function openFiles(): number | null {
  return Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : null;
}

Deno.test("1,000 failed forwards and 1,000 aborted uploads leave nothing, and full speed", async () => {
  using origin = openOrigin();
  await using pair = await openPair();
  const { near, far } = pair;
  const listener = await pair.client.forwarder.listen({ ip: "127.0.0.1", port: 0 });
  const { port } = listener.address;
  const down = closedPort();
  const farBridges = new Arrivals<Bridge>();
  let targets = [down];
  const serving = (async () => {
    for (let stream; (stream = await far.acceptStream()) !== null;) {
      farBridges.put(pair.server.forwarder.bridgeToTcp(stream, targets));
    }
  })();
  const bridged = async () => {
    const client = await Deno.connect({ hostname: "127.0.0.1", port });
    const connection = present(await inTime(listener.accept(), "a connection"));
    return { client, bridge: pair.client.forwarder.bridgeToSession(connection, near, HEAD) };
  };
  const files = openFiles();

  for (let count = 0; count < FAILED_FORWARDS; count += AT_ONCE) {
    const attempts = [];
    for (let index = 0; index < AT_ONCE; index++) attempts.push(await bridged());
    for (const { client, bridge } of attempts) {
      const { kind, errorCode } = await inTime(bridge.ended, "the end of a forward");
      assert.deepEqual([kind, errorCode], ["stream_reset", StreamCode.noAnswer]);
      assert.equal((await nextEnd(farBridges)).kind, "unreachable_target");
      client.close();
    }
  }

  targets = [origin.target];
  const upload = pattern(16 * 1024 * 1024);
  for (let count = 0; count < ABORTED_UPLOADS; count++) {
    const { client, bridge } = await bridged();
    const [server, farBridge] = [await origin.accept(), await farBridges.next("a far bridge")];
    const uploading = writeAll(client, upload).catch(() => {});
    // The origin reads one byte and no more: the upload stops on its way, and is given up there:
    // by either bridge, or by an origin that closes with bytes unread.
    assert.equal(await inTime(server.read(new Uint8Array(1)), "the first byte"), 1);
    if (count % 3 === 0) bridge.abort();
    if (count % 3 === 1) farBridge.abort();
    if (count % 3 === 2) server.close();
    const ends = await inTime(Promise.all([bridge.ended, farBridge.ended]), "both ends");
    const wanted = [["aborted", "stream_reset"], ["stream_reset", "aborted"], [
      "stream_reset",
      "tcp_reset",
    ]];
    assert.deepEqual(ends.map(({ kind }) => kind), wanted[count % 3]);
    await inTime(uploading, "the end of the client's write");
    client.close();
    if (count % 3 !== 2) server.close();
  }

  await untilNothingIsLeft(pair);
  await until(() => openFiles() === files, "as many descriptors as before");
  const { client, bridge } = await bridged();
  const server = await origin.accept();
  const whole = pattern(32 * 1024 * 1024, 3);
  const [, received] = await Promise.all([
    writeAll(client, whole).then(() => client.closeWrite()),
    readToEnd(server),
  ]);
  assert.equal(sha256(received as Uint8Array), sha256(whole));
  await server.closeWrite();
  assert.equal((await inTime(bridge.ended, "the end of the transfer")).kind, "finished");
  client.close();
  server.close();
  listener.close();
  await pair.client.close("");
  await serving;
});
