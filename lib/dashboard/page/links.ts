// What the network's links mean for one who reads: pure.

import type { Machine, Network, NetworkLink } from "./api.ts";

/** What a machine is called. */
export type Names = (id: string) => string;

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
