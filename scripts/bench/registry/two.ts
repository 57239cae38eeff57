// What two registries without a common database tell each other of many agents: two nodes on hosts of
// their own, each with its SQLite; the agents register at one, and all of them have to be listed at the
// other. Bytes are those of the cable between the hosts, headers included. Needs root on Linux.
//
//   deno task bench:agents [--agents N] [--seconds N]

import { deepEqual } from "node:assert/strict";
import { parseArgs } from "node:util";
import { fromFileUrl } from "../../paths.ts";
import { command, type Host, HostPair } from "../../support/namespaces.ts";
import { Daemon, pollenOk, TemporaryFolder, until } from "../../support/pollen_process.ts";
import { pause } from "../transport/figures.ts";
import { Agents } from "./load.ts";

const MTU = 1_500;
const UP = ["--registry", "--registry-port", "0", "--registry-http-port", "0"];
const INTERVAL_MS = 5_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    agents: { type: "string", default: "10000" },
    seconds: { type: "string", default: "30" },
  },
});
const count = Number(options.agents);
const durationMs = Number(options.seconds) * 1000;

function print(what: string, value: string): void {
  console.log(`${what.padEnd(52)} ${value}`);
}

/**
 * The agents of a registry, by its port for HTTP: also those that are offline, because a slow machine
 * takes longer to register all than the first one may be silent.
 */
async function agentsAt(httpPort: string): Promise<{ id: string; state: string }[]> {
  const nodes = await (await fetch(`http://127.0.0.1:${httpPort}/api/nodes?offline=true`)).json();
  return nodes.filter(({ kind }: { kind: string }) => kind === "agent");
}

/** What is done on one of the hosts, where a registry's doors are on loopback. */
const ROLES: Record<string, (port: string) => Promise<string>> = {
  register: async (port) => {
    using agents = new Agents(Number(port), count);
    return (await agents.register()).toFixed(0);
  },
  beat: async (port) => {
    using agents = new Agents(Number(port), count);
    const { latencies, failures } = await agents.beat(INTERVAL_MS, durationMs);
    return `${latencies.length} heard, ${failures} not`;
  },
  /** The moment at which all are listed, which is looked at five times a second. */
  await: (httpPort) =>
    until("all agents are listed", async () => {
      const { length } = await agentsAt(httpPort);
      const now = Date.now();
      if (length === count) return String(now);
      await pause(0.2);
      return null;
    }, 300_000),
  list: async (httpPort) =>
    JSON.stringify((await agentsAt(httpPort)).map(({ id, state }) => [id, state]).sort()),
};

const [role, port] = positionals;
if (role !== undefined) {
  console.log(await ROLES[role]!(port!));
  Deno.exit(0);
}

/** Does one of these on a host. */
async function on({ prefix }: Host, role: string, port: string): Promise<string> {
  const sizes = ["--agents", String(count), "--seconds", options.seconds];
  const script = fromFileUrl(import.meta.url);
  const program = [Deno.execPath(), "run", "-A", "--quiet", script, ...sizes, role, port];
  return (await command([...prefix, ...program])).trim();
}

/** Bytes that a host has sent so far. */
async function sentBy({ prefix }: Host): Promise<number> {
  const shown = await command([...prefix, "ip", "-s", "-j", "link", "show", "dev", "eth0"]);
  return JSON.parse(shown)[0].stats64.tx.bytes;
}

/** Bytes that each host sent while something was done. */
async function sentWhile<T>(
  hosts: HostPair,
  work: () => Promise<T>,
): Promise<{ result: T; left: number; right: number }> {
  const before = [await sentBy(hosts.left), await sentBy(hosts.right)] as const;
  const result = await work();
  const [left, right] = [await sentBy(hosts.left), await sentBy(hosts.right)];
  return { result, left: left - before[0], right: right - before[1] };
}

const kilobytes = (bytes: number) => `${(bytes / 1e3).toFixed(0)} kB`;

/** The ports of the registry beside a node, by its log: gRPC and HTTP. */
async function portsOf(daemon: Daemon): Promise<[string, string]> {
  const line = await daemon.waitForLog(/the registry serves/);
  const [, port, httpPort] = /port=(\d+) httpPort=(\d+)/.exec(line)!;
  return [port!, httpPort!];
}

await using folder = await TemporaryFolder.make();
await using hosts = await HostPair.make(MTU);
const left = { dir: await folder.folder("left"), prefix: hosts.left.prefix };
const right = { dir: await folder.folder("right"), prefix: hosts.right.prefix };
await pollenOk(left, ["init"]);
await using first = await Daemon.up(left, UP);
await pollenOk(right, ["join", "--no-start", await pollenOk(left, ["invite"])]);
await using second = await Daemon.up(right, UP);
await second.waitForLog(/peer connected/);
const [grpc, http] = await portsOf(first);
const [, otherHttp] = await portsOf(second);

const seconds = durationMs / 1000;
const idle = await sentWhile(hosts, () => pause(seconds));
print(`sent in ${seconds} s without agents`, `${kilobytes(idle.left)}, ${kilobytes(idle.right)}`);

const told = await sentWhile(hosts, async () => {
  const listed = on(hosts.right, "await", otherHttp);
  print("registrations", `${await on(hosts.left, "register", grpc)} a second`);
  const registeredAt = Date.now();
  return Math.max(0, Number(await listed) - registeredAt);
});
const beating = sentWhile(hosts, () => on(hosts.left, "beat", grpc));
print(`all ${count} listed at the other one`, `${told.result} ms after the last registration`);
print(
  "sent meanwhile to the other one, and back",
  `${kilobytes(told.left)}, ${kilobytes(told.right)}`,
);
print("bytes for each agent", (told.left / count).toFixed(0));
const heard = await beating;
print(`heartbeats of all every 5 s, for ${seconds} s`, heard.result);
print("sent meanwhile", `${kilobytes(heard.left)}, ${kilobytes(heard.right)}`);
const lists: [string, string][][] = await Promise.all(
  [on(hosts.left, "list", http), on(hosts.right, "list", otherHttp)]
    .map(async (text) => JSON.parse(await text)),
);
const online = lists.map((list) => list.filter(([, state]) => state !== "offline").length);
print("online there, and at the other one", online.join(", "));
const [here, there] = lists.map((list) => list.map(([id]) => id));
deepEqual([here!.length, there!.length], [count, count]);
deepEqual(there, here);
deepEqual([await first.stop(), await second.stop()], [0, 0]);
