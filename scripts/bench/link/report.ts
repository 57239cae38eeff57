// What the parts of the benchmark are given, and what they come to.

import type { Congestion } from "../../../lib/types/mod.ts";
import type { LinkedHosts } from "../../support/link.ts";
import type { Tunnel } from "./tunnel.ts";

/** What every part needs. */
export interface Common {
  readonly hosts: LinkedHosts;
  /** What pollen is told to use. */
  readonly congestion: Congestion;
  /** How often everything is measured, in turns. */
  readonly rounds: number;
  /** How long one transfer takes. */
  readonly seconds: number;
  /** Prints a line. */
  say(line: string): void;
}

export interface Bench extends Common {
  readonly tunnel: Tunnel;
  /** What the link carries when it is told nothing, Mbit/s of TCP. */
  readonly capacityMbit: number;
}

/** One mark and what was found. */
export interface Mark {
  readonly what: string;
  readonly value: string;
  readonly mark: string;
  readonly isMet: boolean;
}

/** Figures with their median, as people read them. */
export function figures(values: readonly number[], median: number, unit: string): string {
  const each = values.map((value) => value.toFixed(2)).join(", ");
  return `${median.toFixed(2).padStart(8)} ${unit} (${each})`;
}
