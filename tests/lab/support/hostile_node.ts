// A member that carries packets for others as a process of its own, and means them ill. It is a whole
// node, but for what it does when it is to carry: its relayed packets come to a socket of its own
// (support/hostile.ts leads them there), are opened, written to a file and passed on by tricks.ts.
// Arguments: state folder, file for the record. It says `ready` and its key, takes moods on its standard
// input, and says for each `report` there what it played.

import { openNode } from "../../../mod.ts";
import { relayLeg } from "../../../lib/mesh/relay_keys.ts";
import type { PeerKey, RelayLeg, Session } from "../../../lib/types/mod.ts";
import { HOSTILE_PORT, NODE_PORT } from "./hostile.ts";
import { legTag, open, Sealer } from "./relayed_packets.ts";
import { type Mood, MOODS, Tricks } from "./tricks.ts";

/** More than any packet has. */
const PACKET_BYTES_MAX = 65_536;

const [dir, recordPath] = Deno.args as [string, string];

/** One end of a flow, as its carrier sees it. */
interface Side {
  readonly session: Session;
  readonly receiveKey: Uint8Array;
  readonly sealer: Sealer;
  readonly tricks: Tricks;
  other: Side;
}

const opened = await openNode({ dir, port: NODE_PORT, portMapping: false });
const { node, mesh } = opened;
const record = await Deno.open(recordPath, { write: true, create: true, truncate: true });
const here = { hostname: "0.0.0.0", port: HOSTILE_PORT };
const socket = Deno.listenDatagram({ transport: "udp", ...here });
/** By the tag of what comes from there. */
const sides = new Map<string, Side>();
let mood: Mood = "tricky";

function sideOf(leg: RelayLeg): Side {
  const { session, receiveKey, sendTag, sendKey } = leg;
  const side = {
    session,
    receiveKey,
    sealer: new Sealer(sendTag, sendKey),
    tricks: new Tricks(),
  } as Side;
  sides.set(leg.receiveTag.toHex(), side);
  return side;
}

async function join(flow: number, ends: readonly [PeerKey, PeerKey]): Promise<void> {
  const [a, b] = await Promise.all(ends.map((end) => mesh.session(end)));
  const [one, other] = [a!, b!].map((session) => sideOf(relayLeg(session, flow, "carrier")));
  one!.other = other!;
  other!.other = one!;
}

mesh.carry = (flow, ends) => void join(flow, ends);
mesh.endCarried = () => {};

/** Takes a packet that is to go on. */
function treat(sealed: Uint8Array): void {
  const side = sides.get(legTag(sealed) ?? "");
  const packet = side === undefined ? null : open(side.receiveKey, sealed);
  if (side === undefined || packet === null) return;
  record.writeSync(packet);
  side.tricks.mood = mood;
  for (const { packet: next, direction } of side.tricks.treat(packet)) {
    const to = direction === "on" ? side.other : side;
    const { ip, port } = to.session.remoteAddress;
    const sent = socket.send(to.sealer.seal(next), { transport: "udp", hostname: ip, port });
    sent.catch(() => {}); // Where the system takes none, it is lost.
  }
}

async function carry(): Promise<void> {
  const buffer = new Uint8Array(PACKET_BYTES_MAX);
  for (;;) treat((await socket.receive(buffer))[0]);
}

void carry();
void node.start(new AbortController().signal);
await node.ready;
console.log("ready", opened.identity.peerKey);

for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const word = text.trim();
  if (word === "report") {
    const played = [...sides.values()].map(({ tricks }) => tricks.played);
    console.log(JSON.stringify(played));
  } else mood = MOODS.find((known) => known === word) ?? mood;
}
