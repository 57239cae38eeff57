// A registry in this process with real doors, and an agent of Orchion that shares nothing with it but
// the wire: plain grpc-js with a schema of its own, written down from the field numbers.

import { Buffer } from "node:buffer";
import protobuf from "protobufjs";
import type * as Grpc from "@grpc/grpc-js";
import * as grpc from "../../lib/rpc/grpc.ts";
import { systemClock, systemDisk, systemRandom } from "../../lib/host/mod.ts";
import {
  openRegistryServer,
  type RegistryServer,
  type RegistryServerOptions,
} from "../../lib/registry/mod.ts";
import type { Log, LogFields } from "../../lib/types/mod.ts";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps what it is told. */
export class KeptLog implements Log {
  readonly lines: LogLine[] = [];

  debug = (message: string, fields: LogFields = {}) => this.#keep("debug", message, fields);
  info = (message: string, fields: LogFields = {}) => this.#keep("info", message, fields);
  warn = (message: string, fields: LogFields = {}) => this.#keep("warn", message, fields);
  error = (message: string, fields: LogFields = {}) => this.#keep("error", message, fields);

  #keep(level: LogLine["level"], message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields });
  }
}

/** A registry on free ports of 127.0.0.1, in a folder of its own that goes with it. */
export interface TestRegistry extends AsyncDisposable {
  readonly server: RegistryServer;
  readonly log: KeptLog;
  readonly dir: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
}

export async function openTestRegistry(
  options: Partial<RegistryServerOptions> = {},
): Promise<TestRegistry> {
  const dir = await Deno.makeTempDir({ prefix: "pollen-registry-" });
  const log = new KeptLog();
  const server = await openRegistryServer({
    storage: `sqlite:${dir}/registry.db`,
    port: 0,
    httpPort: 0,
    bind: ["127.0.0.1"],
    heartbeatTimeoutMs: 30_000,
    isOpen: false,
    allowedHosts: [],
    clock: systemClock,
    random: systemRandom,
    disk: systemDisk,
    portOwner: () => Promise.resolve(null),
    log,
    ...options,
  });
  return {
    server,
    log,
    dir,
    url: `http://127.0.0.1:${server.httpPort}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

const text = (id: number) => ({ type: "string", id });
const schema = protobuf.Root.fromJSON({
  nested: {
    Capabilities: {
      fields: {
        cpu: text(1),
        memory: text(2),
        os: text(3),
        gpuType: text(4),
        gpuVramTotal: text(5),
        gpuVramAvailable: text(6),
        powerUsage: text(7),
        gpuVramUsed: text(8),
        gpuTemperature: text(9),
        gpuPowerUsage: text(10),
      },
    },
    Node: {
      fields: {
        id: text(1),
        hostname: text(2),
        capabilities: { type: "Capabilities", id: 3 },
        lastSeenUnix: { type: "int64", id: 4 },
        agentAddress: text(5),
      },
    },
    RegisterNodeRequest: { fields: { node: { type: "Node", id: 1 } } },
    UpdateNodeRequest: {
      fields: { nodeId: text(1), capabilities: { type: "Capabilities", id: 2 } },
    },
    HeartbeatRequest: { fields: { nodeId: text(1) } },
    ListNodesRequest: { fields: {} },
    UnregisterNodeRequest: { fields: { nodeId: text(1) } },
    ListNodesResponse: { fields: { nodes: { rule: "repeated", type: "Node", id: 1 } } },
    Empty: { fields: {} },
  },
});

/** What an agent may say of a node. */
export interface WireNode {
  readonly id?: string;
  readonly hostname?: string;
  readonly capabilities?: Readonly<Record<string, string>>;
  readonly lastSeenUnix?: number;
  readonly agentAddress?: string;
}

/** How a call ended: gRPC's status number, its text, and the answer. */
export interface Answer {
  readonly code: number;
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- each test names the fields it looks at
  readonly message: any;
}

/** An agent that knows only the wire. */
export class WireAgent implements Disposable {
  readonly #client: Grpc.Client;
  readonly #metadata: Grpc.Metadata;

  constructor(port: number, token?: string) {
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    this.#metadata = new grpc.Metadata();
    if (token !== undefined) this.#metadata.set("authorization", `Bearer ${token}`);
  }

  register(node?: WireNode): Promise<Answer> {
    return this.call("RegisterNode", node === undefined ? {} : { node });
  }

  heartbeat(nodeId: string): Promise<Answer> {
    return this.call("Heartbeat", { nodeId });
  }

  update(nodeId: string, capabilities?: Readonly<Record<string, string>>): Promise<Answer> {
    return this.call("UpdateNode", { nodeId, ...capabilities && { capabilities } });
  }

  unregister(nodeId: string): Promise<Answer> {
    return this.call("UnregisterNode", { nodeId });
  }

  list(): Promise<Answer> {
    return this.call("ListNodes", {}, "ListNodesResponse");
  }

  /** The ids of all that are listed. */
  async ids(): Promise<string[]> {
    return (await this.list()).message.nodes.map(({ id }: { id: string }) => id).sort();
  }

  call(method: string, request: object, response = "Empty"): Promise<Answer> {
    const type = schema.get(`${method}Request`) === null
      ? schema.lookupType("Empty")
      : schema.lookupType(`${method}Request`);
    return this.callWithBytes(
      `/orchion.v1.Orchestrator/${method}`,
      type.encode(request).finish(),
      response,
    );
  }

  callWithBytes(path: string, bytes: Uint8Array, response = "Empty"): Promise<Answer> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        (request: Uint8Array) => Buffer.from(request),
        (answer: Buffer) => schema.lookupType(response).decode(answer),
        bytes,
        this.#metadata,
        { deadline: Date.now() + 20_000 },
        (failure, message) =>
          resolve(
            failure === null
              ? { code: 0, text: "", message }
              : { code: failure.code, text: failure.details, message: null },
          ),
      );
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
