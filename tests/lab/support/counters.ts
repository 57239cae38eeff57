// What really passed, from the kernel's counters: of the interfaces at which hosts and homes are joined
// to the Internet, and of the flows in it. What pollen says of itself is held against them.

import { ok } from "node:assert/strict";
import { command } from "../../../scripts/support/namespaces.ts";
import { type LabNode, peerAt } from "./nodes.ts";
import type { Lab, Site } from "./topology.ts";

/** More than nodes say to each other meanwhile that have nothing to do. */
export const CHATTER_BYTES = 1 << 20;
/** Of a packet, with all headers. */
const PACKET_BYTES_MAX = 1_514;
/** Of one that carries bulk, without headers. */
const PACKET_BYTES_MIN = 1_200;
/** By how much two counts of the same bytes differ: headers of packets that are counted in trains. */
const COUNT_SHARE = 0.1;

/** Bytes, with the headers of packets. */
interface Passed {
  readonly received: number;
  readonly sent: number;
}

/** What passed where two nodes and a third are, and from the second to the first. */
interface Account {
  readonly taker: Passed;
  readonly giver: Passed;
  readonly third: Passed;
  /** On the Internet, from the giver's place to the taker's. */
  readonly direct: number;
  /** Packets that the giver says it sent to the taker. */
  readonly packets: number;
}

/** Who takes bytes of whom, and who may carry them. */
export interface Parties {
  readonly lab: Lab;
  readonly taker: LabNode;
  readonly giver: LabNode;
  readonly third: LabNode;
}

async function passedAt({ uplink: { at, name } }: Site): Promise<Passed> {
  const words = ["ip", "-n", at.name, "-s", "-j", "link", "show", "dev", name];
  const [{ stats64: { rx, tx } }] = JSON.parse(await command(words));
  return { received: rx.bytes, sent: tx.bytes };
}

async function accountOf({ lab, taker, giver, third }: Parties): Promise<Account> {
  const path = (await peerAt(giver, taker))?.path;
  return {
    taker: await passedAt(taker.site),
    giver: await passedAt(giver.site),
    third: await passedAt(third.site),
    direct: await lab.carried(giver.site.outside, taker.site.outside),
    packets: path?.packetsSent ?? NaN,
  };
}

function less(after: Passed, before: Passed): Passed {
  return { received: after.received - before.received, sent: after.sent - before.sent };
}

/** What `give` made pass, in which the giver sends so many bytes to the taker. */
async function passedBy(parties: Parties, give: () => Promise<unknown>): Promise<Account> {
  const before = await accountOf(parties);
  await give();
  const after = await accountOf(parties);
  return {
    taker: less(after.taker, before.taker),
    giver: less(after.giver, before.giver),
    third: less(after.third, before.third),
    direct: after.direct - before.direct,
    packets: after.packets - before.packets,
  };
}

/** Fails unless the counters show that the bytes passed between the two alone, in as many packets as the giver says. */
export async function passesDirectly(
  parties: Parties,
  bytes: number,
  give: () => Promise<unknown>,
): Promise<void> {
  const account = await passedBy(parties, give);
  const { third, direct } = account;
  const said = JSON.stringify(account);
  ok(direct > bytes, said);
  ok(third.received < CHATTER_BYTES && third.sent < CHATTER_BYTES, said);
  demandEnds(account, bytes, said);
}

/** Fails unless they show that the third carried them all: it took in what it gave out. */
export async function passesThird(
  parties: Parties,
  bytes: number,
  give: () => Promise<unknown>,
): Promise<void> {
  const account = await passedBy(parties, give);
  const { third, direct } = account;
  const said = JSON.stringify(account);
  ok(direct < CHATTER_BYTES, said);
  ok(third.received > bytes && third.sent > bytes, said);
  const difference = Math.abs(third.received - third.sent);
  ok(difference < COUNT_SHARE * third.sent + CHATTER_BYTES, said);
  demandEnds(account, bytes, said);
}

/** The routers of both counted the bytes, and the packets that `status` counted hold them. */
function demandEnds({ taker, giver, packets }: Account, bytes: number, said: string): void {
  ok(giver.sent > bytes && taker.received > bytes, said);
  ok(giver.sent < packets * PACKET_BYTES_MAX + CHATTER_BYTES, said);
  // Besides those with bulk there are answers, fewer than these.
  ok(packets < 2 * giver.sent / PACKET_BYTES_MIN, said);
}
