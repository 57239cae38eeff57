// How the sessions of a node go, as it says so itself: the way and the round trip of each, in ten bytes
// or less. The peers are named by the beginnings of their keys, which nobody can choose to be equal to
// those of another's key, and the round trip is told in steps, because more would change all the time.
//
// Pure. What comes from another node is checked here; of what is not as it should be nothing counts.

import { Links } from "../proto/mod.ts";
import { assert, LINKS_SAID_MAX, type PeerKey } from "../types/mod.ts";

/** Bytes of a key that name its peer. */
const NAME_BYTES = 8;
/** Where a path byte says that another machine carries the link. */
const RELAYED = 0x80;
/** The shortest round trip that is told, in milliseconds, and how much longer the next one is. */
const RTT_MS_MIN = 0.1;
const RTT_STEP = 1.1;
/** The longest is 16 s. */
const STEPS = 0x7f;

/** The first 16 characters of a peer's key. */
export type LinkName = string & { readonly linkName: unique symbol };

/** What names a peer in `SaidLink`. */
export function linkName(peer: PeerKey): LinkName {
  return peer.slice(0, 2 * NAME_BYTES) as LinkName;
}

/** What a node says of one of its sessions. */
export interface SaidLink {
  /** Whether another machine carries it. */
  readonly isRelayed: boolean;
  /** That machine; null where none does, or nobody knows. */
  readonly carrier: LinkName | null;
  /** The round trip in milliseconds, right to a twentieth; null where nobody knows. */
  readonly rttMs: number | null;
}

/** The words for links; those beyond the bound are left out. */
export function encodeLinks(links: ReadonlyMap<LinkName, SaidLink>): Links {
  const said = [...links].sort(([a], [b]) => a < b ? -1 : 1).slice(0, LINKS_SAID_MAX);
  const relayed = said.filter(([, { isRelayed }]) => isRelayed);
  return {
    peers: Uint8Array.fromHex(said.map(([name]) => name).join("")),
    paths: Uint8Array.from(
      said,
      ([, { isRelayed, rttMs }]) => stepOf(rttMs) | (isRelayed ? RELAYED : 0),
    ),
    carriers: Uint8Array.fromHex(relayed.map(([, { carrier }]) => carrier ?? NOBODY).join("")),
  };
}

/** What the words say; nothing where they are none. */
export function decodeLinks(links: Links | undefined): ReadonlyMap<LinkName, SaidLink> {
  const said = new Map<LinkName, SaidLink>();
  if (links === undefined) return said;
  const { peers, paths, carriers } = links;
  const relayedCount = paths.reduce((count, path) => count + (path & RELAYED ? 1 : 0), 0);
  const isWhole = paths.length <= LINKS_SAID_MAX && peers.length === NAME_BYTES * paths.length &&
    carriers.length === NAME_BYTES * relayedCount;
  if (!isWhole) return said;
  let carrierAt = 0;
  paths.forEach((path, at) => {
    const isRelayed = (path & RELAYED) !== 0;
    const carrier = isRelayed ? nameAt(carriers, carrierAt++) : NOBODY;
    said.set(nameAt(peers, at), {
      isRelayed,
      carrier: carrier === NOBODY ? null : carrier,
      rttMs: rttOf(path & STEPS),
    });
  });
  return said;
}

const NOBODY = "0".repeat(2 * NAME_BYTES) as LinkName;

function nameAt(names: Uint8Array, at: number): LinkName {
  return names.subarray(NAME_BYTES * at, NAME_BYTES * (at + 1)).toHex() as LinkName;
}

/** 0 for nothing known. */
function stepOf(rttMs: number | null): number {
  if (rttMs === null) return 0;
  assert(rttMs >= 0, "a round trip takes time");
  const step = 1 +
    Math.round(Math.log(Math.max(rttMs, RTT_MS_MIN) / RTT_MS_MIN) / Math.log(RTT_STEP));
  return Math.min(step, STEPS);
}

function rttOf(step: number): number | null {
  return step === 0 ? null : RTT_MS_MIN * RTT_STEP ** (step - 1);
}
