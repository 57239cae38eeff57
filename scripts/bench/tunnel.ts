// The whole path of a tunnel (TCP client, daemon, daemon, TCP server) beside plain TCP, in two
// network namespaces with MTU 1500, measured in turns in one run. Prints medians and ratios.
//
// Twice: once as the kernel has it, where a veth pair carries packets of 64 KB whole and plain TCP
// never cuts any; and once with that offload switched off, where every packet on the link is one of
// 1500 bytes, for both. The mark is for the second, in which the MTU means something.
//
//   deno task bench:tunnel [--rounds N] [--seconds N]
//
// Needs root, iproute2, ethtool, iperf3, wrk and nginx. Exits 1 when bulk is below its mark.

import { parseArgs } from "node:util";
import { join } from "../paths.ts";
import { Daemon, pollenOk, TemporaryFolder, until } from "../support/pollen_process.ts";
import { command, type Host, HostPair } from "../support/namespaces.ts";

const MTU = 1_500;
const IPERF_PORT = 5_201;
const HTTP_PORT = 8_000;
/** Bulk through the tunnel is at least this share of plain TCP's in the same run. */
const BULK_MARK = 0.2;
/** Clock ticks per second in /proc (USER_HZ, which Linux fixes at 100 for user space). */
const TICKS_PER_SECOND = 100;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);

/** What one round of one path gave. */
interface Round {
  /** MB/s from client to server, and back. */
  readonly up: number;
  readonly down: number;
  /** Requests per second at 1 and at 50 connections kept open. */
  readonly requests1: number;
  readonly requests50: number;
  /** CPU seconds of both daemons per GB, up and down; NaN for plain TCP. */
  readonly cpuUp: number;
  readonly cpuDown: number;
}

async function iperf(
  client: Host,
  address: string,
  port: number,
  isDown: boolean,
): Promise<number> {
  const text = await command([
    ...client.prefix,
    ...["iperf3", "-J", "-c", address, "-p", String(port), "-t", String(seconds), "-O", "1"],
    ...isDown ? ["-R"] : [],
  ]);
  return JSON.parse(text).end.sum_received.bits_per_second / 8e6;
}

async function wrk(client: Host, url: string, connections: number): Promise<number> {
  const text = await command([
    ...client.prefix,
    ...["wrk", "-t", "1", "-c", String(connections), "-d", `${seconds}s`, url],
  ]);
  const rate = /Requests\/sec:\s*([\d.]+)/.exec(text)?.[1];
  const problems = /Socket errors.*|Non-2xx.*/.exec(text)?.[0];
  if (rate === undefined || problems !== undefined) {
    throw new Error(`wrk failed: ${problems ?? text}`);
  }
  return Number(rate);
}

function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }, 0);
}

/** `ip netns exec` becomes the program it starts, so a daemon's pid is its own. */
async function measure(
  client: Host,
  target: { readonly ip: string; readonly iperfPort: number; readonly httpPort: number },
  pids: readonly number[],
): Promise<Round> {
  const bulk = async (isDown: boolean) => {
    const before = cpuSeconds(pids);
    const rate = await iperf(client, target.ip, target.iperfPort, isDown);
    // The first second is not in the rate, but its bytes cost CPU too.
    const gigabytes = rate * (seconds + 1) / 1000;
    return { rate, cpu: pids.length === 0 ? NaN : (cpuSeconds(pids) - before) / gigabytes };
  };
  const up = await bulk(false);
  const down = await bulk(true);
  const url = `http://${target.ip}:${target.httpPort}/`;
  return {
    up: up.rate,
    down: down.rate,
    cpuUp: up.cpu,
    cpuDown: down.cpu,
    requests1: await wrk(client, url, 1),
    requests50: await wrk(client, url, 50),
  };
}

/** An origin with iperf3 and an nginx that answers 128 bytes. */
async function startOrigin(host: Host, folder: string): Promise<AsyncDisposable> {
  const conf = join(folder, "nginx.conf");
  await Deno.writeTextFile(
    conf,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000;
  server { listen ${HTTP_PORT}; location / { return 200 "${"x".repeat(128)}"; } } }
`,
  );
  const children = [
    ["iperf3", "-s", "-p", String(IPERF_PORT)],
    ["nginx", "-p", folder, "-c", conf],
  ].map((words) => {
    const [program, ...args] = [...host.prefix, ...words];
    return new Deno.Command(program!, { args, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
  });
  await until("the origin listens", async () => {
    const listening = await command([...host.prefix, "ss", "-Hltn"]);
    return [IPERF_PORT, HTTP_PORT].every((port) => listening.includes(`:${port} `)) ? true : null;
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const child of children) {
        child.kill("SIGKILL");
        await child.status;
      }
    },
  };
}

async function forwardTo(client: Daemon, server: Daemon, port: number): Promise<number> {
  await pollenOk(server.place, ["serve", String(port)]);
  const text = await until("the service is known", async () => {
    const { services } = JSON.parse(await pollenOk(client.place, ["status", "--json"]));
    const isKnown = services.some((service: { name: string }) => service.name === String(port));
    return isKnown ? await pollenOk(client.place, ["connect", String(port)]) : null;
  });
  return Number(/127\.0\.0\.1:(\d+)/.exec(text)![1]);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Prints the table; the lower of the two bulk ratios. */
function report(plain: readonly Round[], tunnel: readonly Round[]): number {
  const rows: readonly (readonly [string, keyof Round])[] = [
    ["bulk up, MB/s", "up"],
    ["bulk down, MB/s", "down"],
    ["requests/s, 1 connection", "requests1"],
    ["requests/s, 50 connections", "requests50"],
    ["CPU s/GB up, both daemons", "cpuUp"],
    ["CPU s/GB down, both daemons", "cpuDown"],
  ];
  console.log(
    `\nMedian of ${rounds} rounds of ${seconds} s, in turns; the ratio is taken round by round.`,
  );
  console.log(
    `${"".padEnd(28)}${"plain TCP".padStart(12)}${"tunnel".padStart(12)}${"ratio".padStart(10)}`,
  );
  let worst = Infinity;
  for (const [title, field] of rows) {
    const ratio = median(tunnel.map((round, index) => round[field] / plain[index]![field]));
    const cells = [
      median(plain.map((round) => round[field])),
      median(tunnel.map((round) => round[field])),
    ]
      .map((value) =>
        (Number.isNaN(value) ? "–" : value.toFixed(value < 100 ? 2 : 0)).padStart(12)
      );
    console.log(
      `${title.padEnd(28)}${cells.join("")}${
        (Number.isNaN(ratio) ? "–" : ratio.toFixed(2)).padStart(10)
      }`,
    );
    if (field === "up" || field === "down") worst = Math.min(worst, ratio);
  }
  return worst;
}

async function bench(): Promise<boolean> {
  await using folder = await TemporaryFolder.make();
  await using hosts = await HostPair.make(MTU);
  const { left, right } = hosts;
  const leftPlace = { dir: await folder.folder("left"), prefix: left.prefix };
  const rightPlace = { dir: await folder.folder("right"), prefix: right.prefix };
  await pollenOk(leftPlace, ["init"]);
  await using leftDaemon = await Daemon.up(leftPlace);
  const token = await pollenOk(leftPlace, ["invite"]);
  await pollenOk(rightPlace, ["join", "--no-start", token]);
  await using rightDaemon = await Daemon.up(rightPlace);
  await rightDaemon.waitForLog(/peer connected/);
  await using _origin = await startOrigin(right, await folder.folder("origin"));

  const through = {
    ip: "127.0.0.1",
    iperfPort: await forwardTo(leftDaemon, rightDaemon, IPERF_PORT),
    httpPort: await forwardTo(leftDaemon, rightDaemon, HTTP_PORT),
  };
  const direct = { ip: right.ip, iperfPort: IPERF_PORT, httpPort: HTTP_PORT };
  const pids = [leftDaemon.pid, rightDaemon.pid];
  const measureRounds = async (title: string) => {
    console.log(`\n== ${title}`);
    const plain: Round[] = [];
    const tunnel: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      plain.push(await measure(left, direct, []));
      tunnel.push(await measure(left, through, pids));
      const [p, t] = [plain.at(-1)!, tunnel.at(-1)!].map(({ up, down }) =>
        `${up.toFixed(0)}/${down.toFixed(0)} MB/s`
      );
      console.log(`round ${round}: plain ${p}, tunnel ${t}`);
    }
    return report(plain, tunnel);
  };
  await measureRounds("As the kernel has it: packets of 64 KB cross the link whole");
  for (const { prefix } of [left, right]) {
    await command([...prefix, "ethtool", "-K", "eth0", "tso", "off", "gso", "off"]);
  }
  const ratio = await measureRounds("Packets of 1500 bytes on the link, for both");
  const isMet = ratio >= BULK_MARK;
  console.log(`\nMark: bulk at least ${BULK_MARK} × plain TCP: ${isMet ? "met" : "MISSED"}.`);
  return isMet;
}

if (import.meta.main) {
  const missing = [];
  for (const program of ["ip", "ss", "ethtool", "iperf3", "wrk", "nginx"]) {
    const found = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output();
    if (!found.success) missing.push(program);
  }
  if (missing.length > 0 || Deno.uid() !== 0) {
    console.error(
      missing.length > 0
        ? `This benchmark needs ${
          missing.join(", ")
        }. On Debian: apt-get install iproute2 ethtool iperf3 wrk nginx-light`
        : "This benchmark makes network namespaces, which takes root.",
    );
    Deno.exit(2);
  }
  Deno.exit(await bench() ? 0 : 1);
}
