// One process of the crowd: some nodes of one network in it, opened through the library's door. Lines
// of JSON go in and come out (`Line`): it is given its tokens, told to run its nodes, then asked for
// counts, and stops when its standard input ends.
//
//   member.ts --dir D --nodes N --all N [--found]

import { parseArgs } from "node:util";
import {
  encodeJoinToken,
  genIdentityKey,
  initRoot,
  joinNetwork,
  loadAdminSigner,
  loadIdentityKey,
  type OpenedNode,
  openNode,
  parsePeerKey,
  type PeerKey,
  peerKeyBytes,
  systemClock,
  systemDisk,
  systemRandom,
} from "../../../mod.ts";
import { NodeStatus } from "../../../lib/proto/mod.ts";
import { join } from "../../paths.ts";
import { linesOf } from "./lines.ts";

/** What all nodes of the process sent together since they were opened. */
export interface Sent {
  /** Envelopes and frames. */
  readonly messages: number;
  readonly packets: number;
  readonly bytes: number;
}

export type Line =
  /** The keys of this process's nodes. */
  | { readonly kind: "made"; readonly keys: readonly PeerKey[] }
  /** Permissions to join for all other nodes of the network. */
  | { readonly kind: "tokens"; readonly tokens: readonly string[] }
  /** Every node of this process is a member of the network. */
  | { readonly kind: "joined" }
  /** Every node of this process runs. */
  | { readonly kind: "ready" }
  /** Every node of this process lists every other node of the network as online. */
  | {
    readonly kind: "online";
    readonly sent: Sent;
    /** How many of the others are reached over a carrier. */
    readonly relayed: number;
  }
  | { readonly kind: "counted"; readonly sent: Sent };

const LOCAL = { listenIp: "127.0.0.1", port: 0, ips: ["127.0.0.1"], portMapping: false } as const;
/** How often it is looked who is online. */
const LOOK_MS = 200;
const TTL_MS = 60 * 60 * 1000;

const { values: options } = parseArgs({
  options: {
    dir: { type: "string" },
    nodes: { type: "string" },
    all: { type: "string" },
    found: { type: "boolean", default: false },
  },
});
const dir = options.dir!;
const all = Number(options.all);
const stop = new AbortController();
const opened: OpenedNode[] = [];
const ended: Promise<void>[] = [];
let messages = 0;
let made = 0;

interface Made {
  readonly at: string;
  readonly key: PeerKey;
}

function say(line: Line): void {
  console.log(JSON.stringify(line));
}

async function run(at: string): Promise<OpenedNode> {
  const one = await openNode({ dir: at, ...LOCAL });
  const { mesh } = one;
  const [send, sendFrame] = [mesh.send.bind(mesh), mesh.sendFrame.bind(mesh)];
  mesh.send = (...args) => (messages++, send(...args));
  mesh.sendFrame = (...args) => (messages++, sendFrame(...args));
  opened.push(one);
  ended.push(one.node.start(stop.signal));
  await one.node.ready;
  return one;
}

/** A new key in a folder of its own. */
async function make(): Promise<Made> {
  const at = join(dir, `node-${made++}`);
  await Deno.mkdir(at, { recursive: true, mode: 0o700 });
  return { at, key: (await genIdentityKey(systemDisk, at, systemRandom)).peerKey };
}

/** Runs the first node of the network, and gives tokens for all the others. */
async function found({ at, key }: Made, others: readonly PeerKey[]): Promise<string[]> {
  const identity = (await loadIdentityKey(systemDisk, at))!;
  const now = systemClock.wallNow();
  await initRoot(systemDisk, at, identity, { now, random: systemRandom });
  const { node, credentials } = await run(at);
  const signer =
    (await loadAdminSigner(systemDisk, at, credentials, { now, random: systemRandom }))!;
  const bootstrap = [{ peerPub: peerKeyBytes(key), addrs: [`127.0.0.1:${node.listenPort}`] }];
  return others.map((subject) => {
    const cert = signer.issueMembership({ subject, ttlMs: TTL_MS, now });
    return encodeJoinToken(signer.issueJoinToken({ cert, bootstrap, ttlMs: TTL_MS, now }));
  });
}

/** With how many carriers they are all online; null while they are not. */
async function relayedOnceOnline(): Promise<number | null> {
  if (opened.some(({ node }) => node.getConnectedPeers().length < all - 1)) return null;
  let relayed = 0;
  for (const { service } of opened) {
    const { nodes } = await service.getStatus();
    const count = (wanted: number) => nodes.filter(({ status }) => status === wanted).length;
    relayed += count(NodeStatus.RELAY);
    if (count(NodeStatus.ONLINE) + count(NodeStatus.RELAY) < all - 1) return null;
  }
  return relayed;
}

function sent(): Sent {
  const stats = opened.map(({ mesh }) => mesh.engineStats());
  return {
    messages,
    packets: stats.reduce((sum, { udpPacketsSent }) => sum + udpPacketsSent, 0),
    bytes: stats.reduce((sum, { udpBytesSent }) => sum + udpBytesSent, 0),
  };
}

/** Says so once all nodes of the network are online here. */
function watch(): void {
  const timer = setInterval(async () => {
    const relayed = await relayedOnceOnline();
    if (relayed === null) return;
    clearInterval(timer);
    say({ kind: "online", sent: sent(), relayed });
  }, LOOK_MS);
}

const nodes: Made[] = [];
for (let index = 0; index < Number(options.nodes); index++) nodes.push(await make());
say({ kind: "made", keys: nodes.map(({ key }) => key) });
const told = linesOf<string[]>(Deno.stdin.readable);
const next = async () => (await told.next()).value ?? [];
if (options.found) {
  const others = (await next()).map(parsePeerKey);
  say({ kind: "tokens", tokens: await found(nodes.shift()!, others) });
}
for (const [index, token] of (await next()).entries()) {
  await joinNetwork({ dir: nodes[index]!.at, token, signal: stop.signal });
}
say({ kind: "joined" });
await next();
for (const { at } of nodes) await run(at);
say({ kind: "ready" });
watch();
for await (const _ of told) say({ kind: "counted", sent: sent() });
stop.abort();
await Promise.all(ended);
Deno.exit(0);
