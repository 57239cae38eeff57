// What the network's links mean for one who reads: pure.

import type { Machine, Network, NetworkLink, Node } from "./api.ts";
import { nameOf } from "./view.ts";

/** What a machine is called. */
export type Names = (id: string) => string;

/** Characters of an id that stand for a name, as in `pollen status`. */
const ID_SHOWN = 8;

/** The names of these; the beginning of the id tells those apart that share one, and names others. */
export function namesOf(nodes: readonly Node[]): Names {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  const bearers = new Map<string, number>();
  for (const name of names.values()) bearers.set(name, (bearers.get(name) ?? 0) + 1);
  return (id) => {
    const short = id.slice(0, ID_SHOWN);
    const name = names.get(id) ?? short;
    return (bearers.get(name) ?? 0) > 1 ? `${name} ${short}` : name;
  };
}

/** A machine with what is told of it beside its name. */
export interface MachineRow {
  readonly machine: Machine;
  /** How it is connected with the registry's own machine. */
  readonly way: string;
  readonly links: readonly NetworkLink[];
}

/** Every machine: the registry's own first, then those that are online, by name. */
export function machineRows(network: Network, names: Names): MachineRow[] {
  const { self, machines, links } = network;
  const byMachine = new Map<string, NetworkLink[]>(machines.map(({ id }) => [id, []]));
  for (const link of links) {
    byMachine.get(link.from)?.push(link);
    byMachine.get(link.to)?.push(link);
  }
  const rank = ({ id, isOnline }: Machine) => id === self ? 0 : isOnline ? 1 : 2;
  return [...machines]
    .sort((a, b) => rank(a) - rank(b) || collator.compare(names(a.id), names(b.id)))
    .map((machine) => {
      const own = byMachine.get(machine.id)!;
      const link = own.find(({ from, to }) => from === self || to === self);
      return { machine, way: wayTo(machine, self, link, names), links: own };
    });
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function wayTo(
  { id, isOnline }: Machine,
  self: string | null,
  link: NetworkLink | undefined,
  names: Names,
): string {
  if (id === self) return "this machine";
  if (link !== undefined) return wayOf(link, names);
  return isOnline ? "over others" : "";
}

/** A link in words: `direct, 12 ms`. */
export function wayOf({ path, carrier, latencyMs }: NetworkLink, names: Names): string {
  const way = carrier === undefined ? path : `${path} by ${names(carrier)}`;
  return latencyMs === undefined ? way : `${way}, ${latency(latencyMs)}`;
}

/** A round trip for people. */
export function latency(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** The other end of a link. */
export function otherEnd({ from, to }: NetworkLink, id: string): string {
  return from === id ? to : from;
}
