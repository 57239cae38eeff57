// The port to the private network, over which registries tell each other of their agents. Without a
// network, and with a database that several share, nobody stands behind it.

import type { AgentEntry } from "../../proto/mod.ts";

/** Which page of which machine. */
export interface ClusterPage {
  /** The machine's key. */
  readonly author: string;
  /** 0 has the machine itself, 1…511 have agents. */
  readonly page: number;
}

/** The pages of a network's machines, and who of them is there. */
export interface ClusterPages {
  /** This machine's key. */
  readonly local: string;
  /** Says what a page of this machine has from now on. */
  publish(page: number, agents: readonly AgentEntry[]): void;
  /** What a page has; null where nothing is known of it. */
  get(page: ClusterPage): readonly AgentEntry[] | null;
  all(): Iterable<ClusterPage>;
  /** Calls back with each page that came from others. The result ends it. */
  onChange(callback: (page: ClusterPage) => void): () => void;
  /** Whether the machine can be reached by this one, or by one that this one reaches. */
  isPresent(author: string): boolean;
}
