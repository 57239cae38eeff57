// Who does what in a punch, by how the two routers give out ports. Pure.
//
//   each keeps to one port for all      both ask at the port that the coordinator sees
//   one takes a new port for each       that end holds sockets, the other one tries ports
//   both do                             nothing: two unknown ports never meet
//   unknown                             as if it kept to one port, without trying many

import type { PunchPart } from "../types/mod.ts";
import type { NatKind } from "./nat_kind.ts";

/** Whether the router gives out another port for each destination. */
export function isHard(kind: NatKind): boolean {
  return kind === "per_destination";
}

/** Whether others can know the port that the router gives out. */
export function isEasy(kind: NatKind): boolean {
  return kind === "none" || kind === "endpoint_independent";
}

/** The parts of two ends; null when there is no way between them. */
export function partsOf(one: NatKind, other: NatKind): readonly [PunchPart, PunchPart] | null {
  if (isHard(one) && isHard(other)) return null;
  if (isHard(one) && isEasy(other)) return ["hard", "easy"];
  if (isEasy(one) && isHard(other)) return ["easy", "hard"];
  return ["equal", "equal"];
}
