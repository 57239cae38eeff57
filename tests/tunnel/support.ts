// Two members with tunnels between them on the real engine: the near one opens forwards, the far
// one serves. The time of forwards stands until a test moves it.

import { Manager } from "../../lib/tunnel/mod.ts";
import {
  type Log,
  type LogFields,
  type PeerKey,
  silentLog,
  type StreamTransport,
} from "../../lib/types/mod.ts";
import { connectedPair, TestMesh, type TestMeshOptions, TestNetwork } from "../mesh/support.ts";
import { Arrivals, type Origin, readToEnd, writeAll } from "../quic/tunnel.ts";
import { FakeClock } from "../support/fake_clock.ts";

const network = await TestNetwork.found();
const members = await network.pair();

/** A line of the log: its message and the reason in it. */
export interface Warning {
  readonly message: string;
  readonly reason: string;
  /** How many it stands for, when it comes for earlier ones. */
  readonly count: unknown;
}

export class TestNode implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly warnings = new Arrivals<Warning>();
  /** The peers for whose session a connection waits, one entry for each. */
  readonly waiting = new Arrivals<PeerKey>();
  readonly tunnels: Manager;

  constructor(readonly at: TestMesh) {
    const { mesh } = at;
    const transport: StreamTransport = {
      session: (peer, signal) => {
        this.waiting.put(peer);
        return mesh.session(peer, signal);
      },
      openStream: (peer, signal) => mesh.openStream(peer, signal),
      acceptStream: () => mesh.acceptStream(),
      watch: (watcher) => mesh.watch(watcher),
    };
    const log: Log = {
      ...silentLog,
      warn: (message: string, fields: LogFields = {}) =>
        this.warnings.put({ message, reason: String(fields.reason), count: fields.count }),
    };
    this.tunnels = Manager.create({
      transport,
      forwarder: at.engine.forwarder,
      flows: at.engine.flows,
      clock: this.clock,
      log,
    });
    this.tunnels.start();
  }

  get key(): PeerKey {
    return this.at.key;
  }

  /** Why the newest tunnel of the only forward failed. */
  get lastFailure(): string {
    return this.tunnels.listConnections()[0]!.lastFailure;
  }

  /** Opens a forward with any local port. */
  forward(to: TestNode, remotePort: number): Promise<number> {
    return this.tunnels.connectService(to.key, remotePort, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.at.mesh.close("test over"), this.tunnels.close()]);
  }
}

/** Two nodes with a session. */
export async function openNodes(
  options: TestMeshOptions = {},
): Promise<[near: TestNode, far: TestNode]> {
  const [near, far] = await connectedPair(members, options);
  return [new TestNode(near), new TestNode(far)];
}

/** A third member, connected to nobody. */
export async function openThird(): Promise<TestNode> {
  return new TestNode(await TestMesh.open(network.founder));
}

export function dial(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

/** Both ends of a tunnel through which a byte has gone each way. */
export interface OpenTunnel extends Disposable {
  readonly client: Deno.TcpConn;
  readonly server: Deno.TcpConn;
}

export async function openThrough(port: number, origin: Origin): Promise<OpenTunnel> {
  const client = await dial(port);
  const server = await origin.accept();
  for (const [from, to] of [[client, server], [server, client]] as const) {
    await writeAll(from, Uint8Array.of(7));
    const buffer = new Uint8Array(8);
    if (await to.read(buffer) !== 1 || buffer[0] !== 7) throw new Error("the byte was another");
  }
  return {
    client,
    server,
    [Symbol.dispose]() {
      client.close();
      server.close();
    },
  };
}

/** How a fresh connection to the port ends: with these bytes, or "reset". */
export async function outcome(port: number): Promise<Uint8Array | "reset"> {
  let client: Deno.TcpConn;
  try {
    client = await dial(port);
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return "reset";
    throw error;
  }
  using _client = client;
  return await readToEnd(client);
}
