// Handshakes per second of members who meet for the first time, and of the same ones again.

import { Callee } from "./calls.ts";
import { median } from "./figures.ts";
import type { MemberCalls } from "./member_peer.ts";
import type { Place } from "./places.ts";

const SEED_BYTES = 32;

export interface MemberRates {
  /** Per second, when nobody has seen the other's certificate before. */
  readonly cold: number;
  /** Per second, when both ends have verified it before. */
  readonly cached: number;
}

export async function measureMembers(
  place: Place,
  { members, rounds }: { readonly members: number; readonly rounds: number },
): Promise<MemberRates> {
  const cold: number[] = [];
  const cached: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES)).toHex();
    const open = ({ prefix }: Place["client"]) =>
      new Callee<MemberCalls>({ script: "member_peer.ts", args: [seed], prefix });
    await using server = open(place.server);
    await using client = open(place.client);
    const [address] = await Promise.all([
      server.call("open", place.server.ip, members),
      client.call("open", place.client.ip, members),
    ]);
    await server.call("serve");
    cold.push(members / await client.call("meet", address, members));
    cached.push(members / await client.call("meet", address, members));
  }
  return { cold: median(cold), cached: median(cached) };
}
