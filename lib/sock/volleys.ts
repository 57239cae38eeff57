// What an attempt to punch sends, and when. Pure but for the chance that is drawn.
//
//   equal   both routers keep to one port for all: asks at the address that the coordinator saw
//   hard    this router takes another port for each destination: 256 sockets ask at the other end's
//           address, three times, each of which makes the router open a port that nobody knows
//   easy    the other end's router does that: asks at 1,024 random ports of it, each of which lets in
//           what may come from there
//
// Hard and easy go together, and meet when one of the 1,024 ports is one of the 256. Of the 64,512
// ports that routers give out none of them is met with a probability of 1.6 % (256 ports sprayed,
// as in the original of pollen/1: 36 %).

import {
  assert,
  PUNCH_PACKETS_MAX,
  PUNCH_REPLIES_MAX,
  type PunchPart,
  type Random,
  type SocketAddress,
  socketWay,
} from "../types/mod.ts";

/** Sockets that the hard side holds open together (pollen/1). */
export const HARD_SOCKETS = 256;
/** Ports that the easy side tries: four for each of those, so that hardly any attempt fails. */
export const SPRAYED_PORTS = 1_024;
/** The ports that routers give out: those below belong to services. */
const SPRAYED_FIRST = 1_024;
const SPRAYED_LAST = 65_535;

/** Milliseconds between two volleys. */
export const VOLLEY_MS = 50;
/** Three seconds (pollen/1); one more where the ends have to wait for each other's sockets. */
const VOLLEYS = { equal: 60, hard: 80, easy: 80 } as const;
/** Of how many volleys one asks at the very address: often enough for an end that comes later. */
const MAIN_EVERY = { equal: 2, hard: 4, easy: 4 } as const;
/** Ports in one volley: all of them within 2.6 s, some 400 a second. */
const SPRAY_SHARE = 20;
/** Sockets in one volley, and the volleys with which a round of them begins: at once, then as ports were sprayed. */
const SOCKETS_SHARE = 32;
const ROUNDS = [0, 26, 52] as const;

const mains = (part: PunchPart) => Math.ceil(VOLLEYS[part] / MAIN_EVERY[part]);
assert(
  mains("hard") + ROUNDS.length * HARD_SOCKETS + mains("easy") + SPRAYED_PORTS +
      2 * 2 * PUNCH_REPLIES_MAX <= PUNCH_PACKETS_MAX,
  "both ends together stay within the bound",
);
assert(SPRAYED_PORTS / SPRAY_SHARE < VOLLEYS.easy - 20, "the last port has a second to answer");

/**
 * Where to ask, volley by volley, until the attempt is over.
 *
 * @param to Where the other end is seen.
 * @param sockets The extra sockets of the hard side.
 */
export function* volleys(
  part: PunchPart,
  to: SocketAddress,
  { sockets, random }: { readonly sockets: readonly number[]; readonly random: Random },
): Generator<SocketAddress[]> {
  const ports = part === "easy" ? drawPorts(random, SPRAYED_PORTS) : [];
  for (let index = 0; index < VOLLEYS[part]; index++) {
    const main = index % MAIN_EVERY[part] === 0 ? [to] : [];
    const sprayed = ports.splice(0, SPRAY_SHARE).map((port) => ({ ip: to.ip, port }));
    const ofSockets = ROUNDS.flatMap((first) => {
      const from = (index - first) * SOCKETS_SHARE;
      return from < 0 ? [] : sockets.slice(from, from + SOCKETS_SHARE);
    }).map((socket) => socketWay(socket, to));
    yield [...main, ...sprayed, ...ofSockets];
  }
}

/** So many different ports that routers give out, each as likely as any other. */
export function drawPorts(random: Random, count: number): number[] {
  const span = SPRAYED_LAST - SPRAYED_FIRST + 1;
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(SPRAYED_FIRST + Math.floor(random.uniform() * span));
  return [...drawn];
}
