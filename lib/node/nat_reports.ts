// Who is told of the router in front of this node. Peers: coordinators have to know, so that both
// ends of a punch do what belongs together. And the mesh: what a router may forget is kept in use.
// Said when it changes, and to whoever comes. Pure.

import type { PeerKey } from "../types/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { NatKind } from "./nat_kind.ts";
import type { NodeOutput } from "./steps.ts";

/** In the order of their numbers in a NatReport. */
const MAPPINGS: readonly NatKind[] = [
  "unknown",
  "none",
  "endpoint_independent",
  "per_destination",
];

/** What a NatReport says; later versions may know more kinds. */
export function natKindFrom(mapping: number): NatKind {
  return MAPPINGS[mapping] ?? "unknown";
}

export class NatReports {
  readonly #connected: () => readonly PeerKey[];
  readonly #exchange: Exchange;
  #told: NatKind = "unknown";

  /** @param connected The peers with a live session; those of them are told that take frames. */
  constructor(connected: () => readonly PeerKey[], exchange: Exchange) {
    this.#connected = connected;
    this.#exchange = exchange;
  }

  /** How it is now. */
  now(kind: NatKind): NodeOutput[] {
    if (kind === this.#told) return [];
    const [wasThere, isThere] = [this.#told, kind].map((known) => known !== "none");
    this.#told = kind;
    const reports = this.#connected().flatMap((peer) => this.#report(peer));
    return wasThere === isThere ? reports : [{ kind: "router", isThere: isThere! }, ...reports];
  }

  /** A session with the peer has begun. */
  begin(peer: PeerKey): NodeOutput[] {
    return this.#told === "unknown" ? [] : this.#report(peer);
  }

  #report(peer: PeerKey): NodeOutput[] {
    if (!this.#exchange.takesFrames(peer)) return [];
    const value = { mapping: MAPPINGS.indexOf(this.#told) };
    return [{ kind: "sendFrame", peer, frame: { body: { kind: "natReport", value } } }];
  }
}
