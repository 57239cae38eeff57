// Whether two nodes still have the session that they had: one QUIC connection, on which each has shown
// one certificate. Both ends name a session alike, by what only its two ends have (docs/pollen-2.md).

import { deepEqual, equal, ok } from "node:assert/strict";
import { type LabNode, peerAt } from "./nodes.ts";

/** The session of two nodes as it was at one moment. */
interface Known {
  /** At each end, what began and ended. */
  readonly events: readonly string[][];
  /** At each end, QUIC packets that were sent on it since it began. */
  readonly packetsSent: readonly number[];
}

async function known(ends: readonly (readonly [LabNode, LabNode])[]): Promise<Known> {
  const paths = await Promise.all(ends.map(async ([at, of]) => (await peerAt(at, of))?.path));
  return {
    events: ends.map(([at, of]) => linesAt(at, of, /msg="peer (?:dis)?connected"/)),
    packetsSent: paths.map((path) => path?.packetsSent ?? NaN),
  };
}

function linesAt(at: LabNode, { key }: LabNode, pattern: RegExp): string[] {
  return at.daemon.log.filter((line) => pattern.test(line) && line.includes(`peer=${key}`));
}

/** The session that two have now, to be compared with the one that they have later. */
export class Identity {
  readonly #ends: readonly (readonly [LabNode, LabNode])[];
  readonly #before: Known;

  private constructor(ends: readonly (readonly [LabNode, LabNode])[], before: Known) {
    this.#ends = ends;
    this.#before = before;
  }

  static async of(one: LabNode, other: LabNode): Promise<Identity> {
    const ends = [[one, other], [other, one]] as const;
    return new Identity(ends, await known(ends));
  }

  /** Fails unless it is the same one, after at least so many changes of its path at each end. */
  async demandSame(changesMin: number): Promise<void> {
    const { events, packetsSent } = await known(this.#ends);
    deepEqual(events, this.#before.events, "no session began or ended");
    // Another one would have begun to count anew.
    for (const [end, before] of this.#before.packetsSent.entries()) {
      ok(packetsSent[end]! > before, `${before} packets, then ${packetsSent[end]}`);
    }
    const changes = this.#ends.map(([at, of]) => linesAt(at, of, /another way now"/));
    const said = changes.flat().join("\n");
    for (const lines of changes) {
      ok(lines.length >= changesMin, said);
      equal(various(lines, /certificate=(\w{16})/), 1, said);
    }
    equal(various(changes.flat(), /session=(\w+)/), 1, said);
  }
}

/** How many there are of what the pattern finds, in lines that all have it. */
function various(lines: readonly string[], pattern: RegExp): number {
  return new Set(lines.map((line) => pattern.exec(line)![1])).size;
}
