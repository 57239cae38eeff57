// What a tunnel loses when the JavaScript of both its nodes stands still for 200 ms of each second.

import {
  encodeJoinToken,
  genIdentityKey,
  initRoot,
  joinNetwork,
  loadAdminSigner,
  peerKeyBytes,
  systemClock,
  systemDisk,
  systemRandom,
} from "../../../mod.ts";
import { TemporaryFolder, until } from "../../support/pollen_process.ts";
import { Callee } from "./calls.ts";
import { median } from "./figures.ts";
import { IperfServer } from "./iperf.ts";
import type { NodeCalls } from "./node_peer.ts";
import { fresh, keptAlive, startEcho } from "./paced.ts";
import type { Percentiles } from "./peer.ts";
import { loopback } from "./places.ts";
import type { Mark } from "./report.ts";

const IP = "127.0.0.1";
const HOUR_MS = 3_600_000;
const BLOCK_MS = 200;
const PERIOD_MS = 1_000;

interface Round {
  /** MB/s of one transfer. */
  readonly rate: number;
  readonly keptAlive: Percentiles;
  readonly fresh: Percentiles;
}

export interface BlockedScale {
  readonly rounds: number;
  readonly seconds: number;
}

export async function measureBlocked({ rounds, seconds }: BlockedScale): Promise<Mark[]> {
  await using folder = await TemporaryFolder.make();
  await using left = new Callee<NodeCalls>({ script: "node_peer.ts" });
  await using right = new Callee<NodeCalls>({ script: "node_peer.ts" });
  const rightKey = await connectNodes(folder, left, right);
  await using iperfServer = await IperfServer.start(loopback().server);
  using echo = startEcho();
  const forward = async (port: number) => {
    await right.call("serve", port);
    return await left.call("connect", rightKey, port);
  };
  const ports = { bulk: await forward(iperfServer.port), echo: await forward(echo.port) };

  const measure = async (): Promise<Round> => ({
    rate: await iperfServer.measure(loopback().client, { ip: IP, port: ports.bulk }, {
      streams: 1,
      seconds,
    }),
    keptAlive: await keptAlive(ports.echo, seconds),
    fresh: await fresh(ports.echo, seconds),
  });
  const running = [await measure()];
  const blocked: Round[] = [];
  console.log(`JavaScript running: ${shown(running[0]!)}`);
  for (let round = 1; round <= rounds; round++) {
    for (const node of [left, right]) await node.call("block", BLOCK_MS, PERIOD_MS);
    blocked.push(await measure());
    for (const node of [left, right]) await node.call("unblock");
    running.push(await measure());
    console.log(`JavaScript blocked: ${shown(blocked.at(-1)!)}`);
    console.log(`JavaScript running: ${shown(running.at(-1)!)}`);
  }
  return marks(running, blocked);
}

/** Founds a network of both nodes and waits until they are connected; the right one's key. */
async function connectNodes(
  folder: TemporaryFolder,
  left: Callee<NodeCalls>,
  right: Callee<NodeCalls>,
): Promise<string> {
  const [leftDir, rightDir] = [await folder.folder("left"), await folder.folder("right")];
  const now = systemClock.wallNow();
  const options = { now, random: systemRandom };
  const root = await genIdentityKey(systemDisk, leftDir, systemRandom);
  const { credentials } = await initRoot(systemDisk, leftDir, root, options);
  const { port } = await left.call("start", leftDir, IP);
  const member = await genIdentityKey(systemDisk, rightDir, systemRandom);
  const signer = (await loadAdminSigner(systemDisk, leftDir, credentials, options))!;
  const token = signer.issueJoinToken({
    cert: signer.issueMembership({ subject: member.peerKey, ttlMs: HOUR_MS, now }),
    bootstrap: [{ peerPub: peerKeyBytes(root.peerKey), addrs: [`${IP}:${port}`] }],
    ttlMs: HOUR_MS,
    now,
  });
  await joinNetwork({
    dir: rightDir,
    token: encodeJoinToken(token),
    signal: new AbortController().signal,
  });
  await right.call("start", rightDir, IP);
  await until(
    "the nodes are connected",
    async () => (await left.call("peers")).includes(member.peerKey) ? true : null,
  );
  return member.peerKey;
}

function shown({ rate, keptAlive, fresh }: Round): string {
  const both = ({ p50, p99 }: Percentiles) =>
    `${(p50 * 1000).toFixed(0)}/${(p99 * 1000).toFixed(0)} µs`;
  return `${rate.toFixed(0)} MB/s, kept alive ${both(keptAlive)}, fresh ${both(fresh)}`;
}

/**
 * Each round with JavaScript blocked is compared with the one before it and the one after it: what the
 * machine has left for us changes while this goes on.
 */
function marks(running: readonly Round[], blocked: readonly Round[]): Mark[] {
  const ratio = (pick: (round: Round) => number) =>
    median(
      blocked.map((round, index) =>
        2 * pick(round) / (pick(running[index]!) + pick(running[index + 1]!))
      ),
    );
  return [
    {
      title: "speed of a transfer lost while JavaScript is blocked",
      value: (1 - ratio(({ rate }) => rate)) * 100,
      unit: " %",
      bound: 5,
      kind: "below",
    },
    ...(["keptAlive", "fresh"] as const).flatMap((kind): Mark[] => {
      const what = kind === "fresh" ? "fresh connections" : "requests kept alive";
      return [
        {
          title: `${what} while blocked, p50`,
          value: ratio((round) => round[kind].p50),
          unit: " ×",
          bound: 1.1,
          kind: "at most",
        },
        {
          title: `${what} while blocked, p99`,
          value: ratio((round) => round[kind].p99),
          unit: " ×",
          bound: 2,
          kind: "at most",
        },
      ];
    }),
  ];
}
