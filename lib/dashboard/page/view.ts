// Which nodes are shown, and in which order: pure.

import { CAPABILITIES, type CapabilityName, type Node, type State } from "./api.ts";

/** What can be sorted by. */
export type Column = "name" | "state" | "os" | "cpu" | "memory" | "gpu" | "service" | "seen";

/** What somebody wants to see. */
export interface Wish {
  readonly search: string;
  /** Null for all. */
  readonly state: State | null;
  /** A capability and its text, as {@link capabilityKey} makes it; empty for all. */
  readonly capability: string;
  readonly sort: Column;
  readonly isDescending: boolean;
}

export const EVERYTHING: Wish = {
  search: "",
  state: null,
  capability: "",
  sort: "name",
  isDescending: false,
};

/** What a node is called. */
export function nameOf({ hostname, id }: Node): string {
  return hostname || id;
}

const STATES: readonly State[] = ["active", "stale", "offline"];

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

const KEYS: Readonly<Record<Column, (node: Node) => string | number>> = {
  name: nameOf,
  state: ({ state }) => STATES.indexOf(state),
  os: ({ capabilities }) => capabilities?.os ?? "",
  cpu: ({ capabilities }) => capabilities?.cpu ?? "",
  memory: ({ capabilities }) => capabilities?.memory ?? "",
  gpu: ({ capabilities }) => capabilities?.gpu_type ?? "",
  service: ({ agent_address }) => agent_address ?? "",
  seen: ({ lastSeenUnix }) => -lastSeenUnix,
};

/** The nodes that are wished for, in order. */
export function select(nodes: readonly Node[], wish: Wish): Node[] {
  const words = wish.search.toLowerCase().split(/\s+/).filter(Boolean);
  const [name, text] = parseKey(wish.capability);
  const chosen = nodes.filter((node) =>
    (wish.state === null || node.state === wish.state) &&
    (name === null || node.capabilities?.[name] === text) &&
    (words.length === 0 || isFound(node, words))
  );
  const key = KEYS[wish.sort];
  const sign = wish.isDescending ? -1 : 1;
  return chosen
    .map((node) => ({ node, key: key(node) }))
    .sort((a, b) => compare(a.key, b.key, sign) || compare(a.node.id, b.node.id, 1))
    .map(({ node }) => node);
}

function isFound(node: Node, words: readonly string[]): boolean {
  const { id, hostname = "", agent_address = "", kind, capabilities = {} } = node;
  const all = [id, hostname, agent_address, kind, ...Object.values(capabilities)]
    .join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}

/** What is empty comes last in either direction. */
function compare(a: string | number, b: string | number, sign: 1 | -1): number {
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
  return sign * collator.compare(String(a), String(b));
}

/** How many there are of each state. */
export function countStates(nodes: readonly Node[]): Readonly<Record<State, number>> {
  const counts = { active: 0, stale: 0, offline: 0 };
  for (const { state } of nodes) counts[state]++;
  return counts;
}

/** Capabilities that nodes are told apart by; the others change all the time. */
const FILTERED: readonly CapabilityName[] = ["os", "gpu_type", "cpu", "memory"];
/** Texts of one capability that can be chosen; of more, the search finds the rest. */
const TEXTS_MAX = 50;

/** The capabilities that can be chosen, with what nodes say of them. */
export function capabilityChoices(
  nodes: readonly Node[],
): { readonly name: CapabilityName; readonly label: string; readonly texts: string[] }[] {
  return FILTERED.map((name) => {
    const texts = new Set(nodes.map(({ capabilities }) => capabilities?.[name] ?? ""));
    texts.delete("");
    const sorted = [...texts].sort(collator.compare).slice(0, TEXTS_MAX);
    return { name, label: CAPABILITIES[name], texts: sorted };
  }).filter(({ texts }) => texts.length > 0);
}

/** A capability with a text, as one value of a choice. */
export function capabilityKey(name: CapabilityName, text: string): string {
  return `${name}=${text}`;
}

function parseKey(key: string): readonly [CapabilityName | null, string] {
  const at = key.indexOf("=");
  return at < 0 ? [null, ""] : [key.slice(0, at) as CapabilityName, key.slice(at + 1)];
}
