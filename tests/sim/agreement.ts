// Whether a network is as it should be: everybody has a session with everybody, all know of each what
// it says of itself, nobody has to do with those who were revoked.

import { Summary } from "../../lib/proto/mod.ts";
import { attributeKey } from "../../lib/store/core_attribute.ts";
import type { PeerKey } from "../../lib/types/mod.ts";
import type { Machine } from "./machine.ts";
import type { World } from "./world.ts";

/** What is not as it should be, and how much of it pollen/1 cannot mend. */
export interface Unsettled {
  readonly complaints: readonly string[];
  /**
   * Events that somebody lacks of an author of whom he has later ones: over pollen/1 a clock of
   * maxima does not show it.
   */
  readonly gaps: number;
}

export function unsettled(world: World): Unsettled {
  const complaints: string[] = [];
  let gaps = 0;
  const members = world.members;
  for (const machine of members) {
    if (!machine.isUp || machine.life!.ending.signal.aborted) {
      complaints.push(`${machine.name} does not run`);
    }
  }
  if (complaints.length > 0) return { complaints, gaps };
  // Of whoever speaks pollen/1, a hostile member can make anything up.
  const credible = world.hostile === null ? members : members.filter(({ isOld }) => !isOld);
  for (const viewer of credible) {
    for (const author of credible) {
      if (viewer === author) continue;
      complaints.push(...sessionComplaints(viewer, author));
      gaps += compare(viewer, author, complaints);
    }
  }
  const modern = credible.filter(({ isOld }) => !isOld);
  const keys = new Set(credible.map(({ key }) => key));
  const summaries = modern.map((machine) =>
    summaryOf(machine, world.hostile === null ? null : keys)
  );
  modern.forEach(({ name }, at) => {
    if (summaries[at] !== summaries[0]) {
      complaints.push(`${name} and ${modern[0]!.name} do not agree about all`);
    }
  });
  return { complaints, gaps };
}

function sessionComplaints(viewer: Machine, author: Machine): string[] {
  const { mesh, engine } = viewer.life!;
  if (!mesh.connectedPeers().includes(author.key)) {
    return [`${viewer.name} has no session with ${author.name}`];
  }
  const sessions = engine.sessions.filter(({ other }) => other.engine === author.life!.engine);
  return sessions.length === 1
    ? []
    : [`${viewer.name} has ${sessions.length} sessions with ${author.name}`];
}

/** What an author says of itself and a viewer does not know; gives how much of it is a gap. */
function compare(viewer: Machine, author: Machine, complaints: string[]): number {
  const said = eventsOf(author, author.key);
  const known = eventsOf(viewer, author.key);
  const clock = viewer.life!.store.clock().counters.get(author.key) ?? 0n;
  let gaps = 0;
  for (const [key, counter] of said) {
    if (known.get(key) === counter) continue;
    if ((viewer.isOld || author.isOld) && clock >= counter) gaps++;
    else complaints.push(`${viewer.name} does not know ${key} ${counter} of ${author.name}`);
  }
  return gaps;
}

function eventsOf({ life }: Machine, author: PeerKey): Map<string, bigint> {
  const events = life!.store.missingFor({ counters: new Map() });
  return new Map(
    events.filter(({ peerId }) => peerId === author)
      .map((event) => [attributeKey(event.change!), event.counter]),
  );
}

/** What a node has of all authors, and how it knows their sessions to go; or what it has of these. */
function summaryOf({ life }: Machine, authors: ReadonlySet<PeerKey> | null): string {
  const { positions } = life!.store.summary();
  const pages = authors === null ? life!.store.agents.digest().toHex() : "";
  const counted = authors === null
    ? positions
    : positions.filter(({ author }) => authors.has(author.toHex() as PeerKey));
  return Summary.encode({ positions: counted }).toHex() + pages;
}
