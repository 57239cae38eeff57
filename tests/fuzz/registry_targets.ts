// What anybody may send to a registry's HTTP door: the line of a request, headers, cookies, a body.

import { Access } from "../../lib/registry/access.ts";
import { httpHandler } from "../../lib/registry/http/app.ts";
import { Network } from "../../lib/registry/network.ts";
import { Registry } from "../../lib/registry/registry.ts";
import type { Storage } from "../../lib/registry/storage/storage.ts";
import { COMMIT_MS } from "../../lib/registry/limits.ts";
import { type Clock, type MonotonicMs, silentLog, type WallMs } from "../../lib/types/mod.ts";
import { ofText } from "./forms.ts";
import * as samples from "./samples.ts";
import type { Target } from "./target.ts";

/** A storage that forgets everything. */
const nowhere: Storage = {
  name: "nowhere",
  isShared: false,
  load: () => Promise.resolve([]),
  news: () => Promise.resolve({ records: [], forgotten: [] }),
  write: () => Promise.resolve(),
  touch: () => Promise.resolve(),
  cleanUp: () => Promise.resolve(),
  history: () => Promise.resolve([]),
  addHeartbeats: () => Promise.resolve(),
  heartbeats: () => Promise.resolve(null),
  tokens: () => Promise.resolve([]),
  addToken: () => Promise.resolve(),
  revokeToken: () => Promise.resolve(false),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Time stands, but whoever waits for the storage waits for nothing. */
const clock: Clock = {
  monotonicNow: () => 0 as MonotonicMs,
  wallNow: () => 1_800_000_000_000 as WallMs,
  setTimer(delayMs, callback) {
    let isStopped = delayMs > COMMIT_MS;
    queueMicrotask(() => isStopped || callback());
    return () => void (isStopped = true);
  },
};

/** Answers requests from an address each, because those who try wrong tokens are soon refused. */
async function openDoor(): Promise<(request: Request) => Promise<Response>> {
  const common = { storage: nowhere, clock, log: silentLog };
  const registry = await Registry.open({ ...common, heartbeatTimeoutMs: 30_000 });
  const words = { kind: "agent", hostname: "h", agentAddress: "", source: "", owner: "" } as const;
  await registry.register({ ...words, id: "a b/1", capabilities: null });
  const handle = httpHandler({
    registry,
    network: new Network(null, registry.events, clock, silentLog),
    access: await Access.open({ ...common, isExposed: true, isOpen: false, apiKey: "a key" }),
    clock,
    log: silentLog,
    // The one session that there can be has an id that the samples know.
    random: { bytes: (length) => new Uint8Array(length).fill(7), uniform: () => 0 },
    allowedHosts: ["registry.example"],
    isEncrypted: false,
  });
  let callers = 0;
  return (request) => {
    const caller = callers++;
    return handle(request, `10.${[16, 8, 0].map((bits) => caller >> bits & 0xff).join(".")}`);
  };
}

const door = await openDoor();

/** Null for what the HTTP server would not hand on. */
function toRequest(text: string): Request | null {
  const [head, ...rest] = text.split("\n\n");
  const [line, ...headers] = head!.split("\n");
  const [method, path] = line!.split(" ");
  try {
    return new Request(`http://localhost${path}`, {
      method: method!,
      headers: headers.map((header) => header.split(/: (.*)/s, 2) as [string, string]),
      body: rest.length === 0 ? null : rest.join("\n\n"),
    });
  } catch {
    return null;
  }
}

async function ask(text: string): Promise<number | null> {
  const request = toRequest(text);
  if (request === null) return null;
  const response = await door(request);
  // An answer that has no end is hung up on.
  if (response.headers.get("content-type") === "text/event-stream") await response.body!.cancel();
  else await response.bytes();
  if (response.status === 500) throw new Error("the registry failed inside");
  return response.status;
}

export const REGISTRY_TARGETS: readonly Target[] = [
  ofText("a request to a registry", samples.REQUESTS, ask),
];
