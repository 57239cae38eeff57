// What the command line's tests share: a process edge made of values, made-up keys, and a daemon
// that answers what it is told to.

import { GetStatusResponse, NodeStatus } from "../../../lib/proto/mod.ts";
import { type ControlHandlers, GrpcServer, socketPathOf } from "../../../lib/server/mod.ts";
import { type Io, run } from "../../../lib/cli/mod.ts";
import { type PeerKey, peerKeyBytes, silentLog, type WallMs } from "../../../lib/types/mod.ts";

/** 2026-01-01T00:00:00Z. */
export const NOW = 1_767_225_600_000 as WallMs;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line with these words. */
export async function pollen(words: string[], overrides: Partial<Io> = {}): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  const code = await run(words, {
    stdout: (text) => Promise.resolve(void (stdout += text)),
    stderr: (text) => Promise.resolve(void (stderr += text)),
    stdin: () => Promise.resolve(""),
    readLine: () => Promise.resolve(""),
    isInteractive: false,
    env: () => undefined,
    isColored: false,
    signal: new AbortController().signal,
    now: () => NOW,
    ...overrides,
  });
  return { code, stdout, stderr };
}

/** The key that starts with these characters and goes on with zeros. */
export function key(start: string): PeerKey {
  return start.padEnd(64, "0") as PeerKey;
}

export function node(start: string): { peerId: Uint8Array } {
  return { peerId: peerKeyBytes(key(start)) };
}

/** This machine, two others online, one offline; three services, one of them twice. */
export function sampleStatus(): GetStatusResponse {
  const machine = (
    start: string,
    status: NodeStatus,
    addr: string,
    publiclyAccessible = false,
  ) => ({
    node: node(start),
    status,
    addr,
    publiclyAccessible,
  });
  return GetStatusResponse.create({
    self: machine("aa", NodeStatus.ONLINE, "192.0.2.1:60611", true),
    nodes: [
      machine("dd", NodeStatus.OFFLINE, "192.0.2.4:60611", true),
      machine("cc", NodeStatus.RELAY, "[2001:db8::3]:60611"),
      machine("bb", NodeStatus.ONLINE, "192.0.2.2:60611"),
    ],
    services: [
      { name: "web", provider: node("bb"), port: 8080 },
      { name: "api", provider: node("bb"), port: 9000 },
      { name: "api", provider: node("cc"), port: 9000 },
      { name: "db", provider: node("dd"), port: 5432 },
    ],
    connections: [{
      peer: node("bb"),
      remotePort: 8080,
      localPort: 8081,
      serviceName: "web",
      requestedLocalPort: 8080,
      activeTunnels: 2,
      lastFailure: "",
    }],
  });
}

/** A temporary state folder, removed afterwards. */
export async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pollen-cli-" });
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The same with a daemon in it that answers as told. */
export function withDaemon(
  handlers: Partial<ControlHandlers>,
  body: (dir: string, server: GrpcServer) => Promise<void>,
): Promise<void> {
  return inFolder(async (dir) => {
    await using server = GrpcServer.create({
      socketPath: socketPathOf(dir),
      service: {
        shutdown: () => Promise.resolve({}),
        getBootstrapInfo: () => Promise.resolve({ forwarders: [] }),
        getStatus: () => Promise.resolve(sampleStatus()),
        registerService: () => Promise.resolve({}),
        connectService: ({ remotePort, localPort }) =>
          Promise.resolve({ localPort: localPort === 0 ? remotePort : localPort }),
        unregisterService: ({ port, name }) =>
          Promise.resolve({ port, names: [name ?? String(port)] }),
        disconnectService: () => Promise.resolve({ disconnected: [] }),
        connectPeer: () => Promise.resolve({}),
        revokePeer: () => Promise.resolve({}),
        ...handlers,
      },
      log: silentLog,
    });
    void server.start();
    await server.ready;
    await body(dir, server);
  });
}
