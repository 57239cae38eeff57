// A member that means ill, as a process of its own: a whole node, and floods of what members may say
// beside it. Arguments: state folder, the victim's port, the third party's address, the stranger's
// port. Its first line says its key and the victim's, then it takes orders.

import { randomBytes } from "node:crypto";
import { openNode } from "../../../mod.ts";
import { ProbeCodec } from "../../../lib/mesh/path_probe.ts";
import type { Frame } from "../../../lib/proto/mod.ts";
import { type PeerKey, peerKeyBytes, peerKeyFromBytes } from "../../../lib/types/mod.ts";
import { until } from "../../support/pollen_process.ts";
import { linesOf } from "../crowd/lines.ts";
import { pace } from "./pace.ts";
import { Relayed } from "./relayed.ts";
import { type Order, type Outcome, serveOrders } from "./said.ts";

const [dir, victimKey, victimPort, honestKey, thirdParty, strangerPort] = Deno.args as [
  string,
  PeerKey,
  string,
  PeerKey,
  string,
  string,
];

const opened = await openNode({ dir, port: 0, ips: ["127.0.0.1"], portMapping: false });
const { node, mesh } = opened;
const us = opened.identity.peerKey;
void node.start(new AbortController().signal);
await node.ready;
await until("a direct session with the victim", () => {
  return Promise.resolve(mesh.getActivePeerAddress(victimKey));
});
const session = await mesh.session(victimKey);
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const victim = { transport: "udp", hostname: "127.0.0.1", port: Number(victimPort) } as const;
/** One that exists in what this member says, and nowhere else: it never signed a word. */
const invented = peerKeyFromBytes(new Uint8Array(randomBytes(32)));
let relayed: Relayed | null = null;

type Body = NonNullable<Frame["body"]>;

const stranger = () => new Uint8Array(randomBytes(32));
const key = peerKeyBytes;
const request = (peerId: Uint8Array): Body => ({ kind: "punchCoordRequest", value: { peerId } });
const trigger = (peerId: Uint8Array, peerAddr: string): Body => ({
  kind: "punchCoordTrigger",
  value: { peerId, selfAddr: "", peerAddr },
});
const unequal = (peerId: Uint8Array, peerAddr: string, isHard: boolean): Body => ({
  kind: "punchCoordUnequal",
  value: { trigger: { peerId, selfAddr: "", peerAddr }, isHard },
});
const pick = <T>(index: number, ...of: readonly T[]): T => of[index % of.length]!;

/** What is said in each flood of frames. */
const FRAMES: Readonly<Record<string, (index: number) => Body>> = {
  "asks to be led to itself": (index) => request(pick(index, key(us), key(victimKey))),
  "asks to be led to strangers": () => request(stranger()),
  "asks to be led to a member": () => request(key(honestKey)),
  "sends it to itself": (index) => trigger(pick(index, key(us), key(victimKey)), thirdParty),
  "sends it to strangers": () => trigger(stranger(), thirdParty),
  "sends it to a third party": (index) => {
    const peer = key(pick(index, honestKey, invented));
    return index % 4 < 2 ? trigger(peer, thirdParty) : unequal(peer, thirdParty, index % 8 < 4);
  },
  "asks for relays": (index) => ({
    kind: "relayRequest",
    value: { peerId: pick(index, key(us), stranger(), key(victimKey), key(honestKey)) },
  }),
  "grants relays": (index) => ({
    kind: "relayGrant",
    value: { peerId: pick(index, key(honestKey), stranger()), flow: 1 + index },
  }),
  "ends relays of others": (index) => ({
    kind: "relayWithdrawal",
    value: { flow: 1 + index % 1_000, carried: index % 2 === 0 },
  }),
};

const PACKETS: Readonly<Record<string, (relay: Relayed, index: number) => Uint8Array>> = {
  "relayed packets that loop": (relay) => relay.looping(),
  "relayed packets that lie": (relay, index) => relay.lying(index),
  "relayed packets over the limits": (relay, index) => relay.exceeding(index),
};

/** False where too much waits already, because the victim does not read faster. */
function say(body: Body): boolean {
  try {
    mesh.sendFrame(victimKey, { body });
    return true;
  } catch {
    return false;
  }
}

/** Makes up a peer at this machine's IP, and sends the victim to it where the stranger listens. */
function invent(): Outcome {
  const value = { ips: ["127.0.0.1"], localPort: Number(strangerPort) };
  const change = { kind: "network", value } as const;
  const event = { peerId: invented, counter: 1n, deleted: false, change };
  const records = [{ body: { kind: "unsigned", value: event } } as const];
  say({ kind: "records", value: { records, more: false, memberships: [] } });
  say(trigger(key(invented), `127.0.0.1:${strangerPort}`));
  return {};
}

/** The relay to the honest member; another one when an end has given it up, because nobody uses it. */
async function openRelayed(): Promise<Relayed> {
  if (relayed === null || relayed.isClosed) {
    relayed = await Relayed.open(mesh, victimKey, honestKey);
  }
  return relayed;
}

/** A packet of each kind that is authenticated: one of our session, one of a relay. */
async function record(): Promise<Outcome> {
  const codec = new ProbeCodec(session.secret, !session.inbound);
  const relay = await openRelayed();
  const probe = codec.encode({ kind: "ask", number: 1n });
  return { recorded: { "0x03": probe.toHex(), "0x04": relay.recorded.toHex() } };
}

async function obey({ what, seconds = 0, perSecond = 0 }: Order): Promise<Outcome> {
  if (what === "invent") return invent();
  if (what === "record") return await record();
  const [body, packet] = [FRAMES[what], PACKETS[what]];
  if (body !== undefined) return { sent: await pace(perSecond, seconds, (i) => say(body(i))) };
  if (packet === undefined) throw new Error(`no flood "${what}"`);
  const relay = await openRelayed();
  const sent = await pace(perSecond, seconds, (index) => {
    socket.send(packet(relay, index), victim).catch(() => {}); // Where the system takes none, it is lost.
    return true;
  });
  return { sent };
}

console.log(JSON.stringify({ us, floods: [...Object.keys(FRAMES), ...Object.keys(PACKETS)] }));
await serveOrders(linesOf<Order>(Deno.stdin.readable), obey);
Deno.exit(0);
