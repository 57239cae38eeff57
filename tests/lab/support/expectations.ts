// Who reaches whom: the one table of what pollen can do today. Who makes pollen reach more raises it
// here, and the lab demands it.

import { type Kind, KINDS } from "./nat.ts";

/**
 * `direct`: a session whose packets pass between the two alone. `relayed`: one whose packets a third
 * node carries.
 */
export type Expectation = "direct" | "relayed";

/** What is expected of these two, whichever of them dials. */
export function expectationOf(a: Kind, b: Kind): Expectation {
  // Where one keeps to a port for all, a third node can tell the other where to punch. Two ports that
  // nobody can know do not meet.
  return a === "strict" && b === "strict" ? "relayed" : "direct";
}

/** Both orders of all kinds: the first founds, the second serves. */
export const PAIRS: readonly (readonly [Kind, Kind])[] = KINDS.flatMap((a) =>
  KINDS.map((b) => [a, b] as const)
);
