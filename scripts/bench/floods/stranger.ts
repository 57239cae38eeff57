// A stranger with a socket: floods a node with packets of each kind that begins at a first byte of its
// own, by chance or replayed. Argument: the node's UDP port. Says its own port, then takes orders.

import { randomFillSync } from "node:crypto";
import { linesOf } from "../crowd/lines.ts";
import { pace } from "./pace.ts";
import { type Order, type Outcome, serveOrders } from "./said.ts";

/** Of a packet whose first byte says what it is, as docs/pollen-2.md has them. */
const BYTES = { "0x01": 17, "0x02": 17, "0x03": 34, "0x04": 1_200 } as const;
type FirstByte = keyof typeof BYTES;

const victim = { transport: "udp", hostname: "127.0.0.1", port: Number(Deno.args[0]) } as const;
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
let back = 0;
/** The last punching question that came. */
let question = Promise.withResolvers<Uint8Array>();

void (async () => {
  for await (const [bytes] of socket) {
    back++;
    if (bytes.length === BYTES["0x01"] && bytes[0] === 0x01) question.resolve(bytes.slice());
  }
})();

/** One packet by chance, or the one that was recorded. */
function packetOf(first: FirstByte, recorded: string | undefined): () => Uint8Array {
  if (recorded !== undefined) {
    const bytes = Uint8Array.fromHex(recorded);
    return () => bytes;
  }
  const bytes = new Uint8Array(BYTES[first]);
  return () => {
    // The socket takes a copy later: each packet is one of its own.
    const packet = randomFillSync(bytes.slice());
    packet[0] = Number(first);
    if (first === "0x03") packet[1] = 1 + packet[1]! % 2;
    return packet;
  };
}

async function obey(order: Order): Promise<Outcome> {
  const { what, seconds = 0, perSecond = 0, recorded = {} } = order;
  if (what === "record a question") {
    const [hex] = [(await question.promise).toHex()];
    question = Promise.withResolvers();
    // An answer that bears the question's nonce.
    return { recorded: { "0x01": hex, "0x02": `02${hex.slice(2)}` } };
  }
  const next = packetOf(what as FirstByte, recorded[what]);
  const before = back;
  const sent = await pace(perSecond, seconds, () => {
    socket.send(next(), victim).catch(() => {}); // Where the system takes none, it is lost.
    return true;
  });
  return { sent, back: back - before };
}

const { port } = socket.addr as Deno.NetAddr;
console.log(JSON.stringify({ port }));
await serveOrders(linesOf<Order>(Deno.stdin.readable), obey);
Deno.exit(0);
