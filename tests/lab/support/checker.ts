// What lies between a host and the Internet, found out by plain UDP (as in RFC 5780) before pollen
// runs, so that a kind of NAT is a fact and not the name of a rule. No host is handed out unexamined.

import { deepEqual } from "node:assert/strict";
import type { Namespace } from "../../../scripts/support/namespaces.ts";
import type { Kind } from "./nat.ts";
import type { Site } from "./topology.ts";
import { AF_INET6, familyOf } from "./socket_address.ts";
import { UdpSocket } from "./udp.ts";

/** Two addresses of the core itself, from which it looks at the hosts. */
export const OBSERVERS = ["20.255.0.1", "20.255.0.2"] as const;
export const OBSERVERS_6 = ["2a0f:ff::1", "2a0f:ff::2"] as const;

/** What is looked at: a host, at one of its addresses. */
type Place = Pick<Site, "namespace" | "ip" | "outside">;

/** What the Internet finds. Filtering is what passes besides the answers of the one written to. */
export interface Findings {
  readonly mapping: "own address" | "same for all" | "new for each";
  readonly filtering: "lets all in" | "lets answers in" | "mixed";
  /** Whether a packet for the private address passes, should the Internet ever route one. */
  readonly isPrivateReachable: boolean;
}

/** What each kind must be found to be. */
export const PROMISED: Readonly<Record<Kind, Findings>> = {
  none: { mapping: "own address", filtering: "lets all in", isPrivateReachable: false },
  open: { mapping: "same for all", filtering: "lets all in", isPrivateReachable: false },
  moderate: { mapping: "same for all", filtering: "lets answers in", isPrivateReachable: false },
  strict: { mapping: "new for each", filtering: "lets answers in", isPrivateReachable: false },
};

const AIMED = "to the private address";

/** Fails unless the host is found to be as it was made. */
export async function prove(core: Namespace, site: Place, promised: Findings): Promise<void> {
  deepEqual(await examine(core, site), promised);
}

/** Looks at a host from three places of the Internet. */
export async function examine(core: Namespace, site: Place): Promise<Findings> {
  using stack = new DisposableStack();
  const [near, far] = familyOf(site.ip) === AF_INET6 ? OBSERVERS_6 : OBSERVERS;
  const host = stack.use(new UdpSocket(site.namespace, site.ip));
  const first = stack.use(new UdpSocket(core, near));
  const samePlace = stack.use(new UdpSocket(core, near));
  const elsewhere = stack.use(new UdpSocket(core, far));

  // Filtering first: until then the host has written to the first alone.
  host.send("hello", first.address);
  const seen = await first.waitFor("hello");
  samePlace.send("from another port", seen);
  elsewhere.send("from another place", seen);
  await aimAtPrivate(core, site, host, elsewhere);
  // What was sent before this answer has arrived before it, or never will.
  for (const answer of ["answer 1", "answer 2", "answer 3"]) {
    first.send(answer, seen);
    await host.waitFor(answer);
  }
  const came = (text: string) => host.sourceOf(text) !== null;
  const passed = [came("from another port"), came("from another place")];

  const mapped: string[] = [];
  for (const socket of [first, samePlace, elsewhere]) {
    const question = `question ${mapped.length}`;
    host.send(question, socket.address);
    mapped.push(await socket.waitFor(question));
  }
  return {
    mapping: mappingOf(mapped, host.address),
    filtering: passed.every(Boolean)
      ? "lets all in"
      : passed.some(Boolean)
      ? "mixed"
      : "lets answers in",
    isPrivateReachable: came(AIMED),
  };
}

function mappingOf(seen: readonly string[], own: string): Findings["mapping"] {
  const various = new Set(seen).size;
  if (various === 1) return seen[0] === own ? "own address" : "same for all";
  if (various === seen.length) return "new for each";
  throw new Error(`neither one mapping nor one for each: ${seen.join(", ")}`);
}

/** Aims at the private address by a route to its outermost router, as a neighbour could. */
async function aimAtPrivate(
  core: Namespace,
  site: Place,
  host: UdpSocket,
  from: UdpSocket,
): Promise<void> {
  if (site.ip === site.outside) return;
  const route = `${site.ip}/32 via ${site.outside}`;
  await core.ip([`route add ${route}`]);
  from.send(AIMED, host.address);
  await core.ip([`route del ${route}`]);
}
