// A network that is as the test says.

import type { NetworkLink, NetworkSource, NetworkView } from "../../lib/registry/mod.ts";

/** An id that begins with these digits. */
export function machineId(digits: string): string {
  return digits.padEnd(64, "0");
}

/** The registry's own machine, alone. */
export const ALONE: NetworkView = {
  self: machineId("a"),
  machines: [{ id: machineId("a"), isOnline: true, address: "" }],
  links: [],
  omittedLinks: 0,
  services: [],
  omittedServices: 0,
};

/** Knows what it is told. */
export class ToldNetwork implements NetworkSource {
  view: NetworkView;
  /** How often it was asked. */
  looks = 0;

  constructor(view = ALONE) {
    this.view = view;
  }

  look(): Promise<NetworkView> {
    this.looks++;
    return Promise.resolve(this.view);
  }
}

/** Two machines by the digits of their ids. */
export function link(from: string, to: string, more: Partial<NetworkLink> = {}): NetworkLink {
  const ends = { from: machineId(from), to: machineId(to) };
  return { ...ends, path: "direct", carrier: null, latencyMs: null, ...more };
}

/** Machine `a` with three others: `b` near, `c` by way of `b`, `d` gone; `b` and `c` offer something. */
export function smallNetwork(): NetworkView {
  return {
    ...ALONE,
    machines: [
      { id: machineId("a"), isOnline: true, address: "" },
      { id: machineId("b"), isOnline: true, address: "192.0.2.2:60611" },
      { id: machineId("c"), isOnline: true, address: "192.0.2.2:60611" },
      { id: machineId("d"), isOnline: false, address: "" },
    ],
    links: [
      link("a", "b", { latencyMs: 1.25 }),
      link("a", "c", { path: "relayed", carrier: machineId("b"), latencyMs: 40.5 }),
      link("b", "c"),
    ],
    services: [
      {
        name: "<b>web</b>",
        port: 8080,
        transport: "tcp",
        provider: machineId("b"),
        isReachable: true,
      },
      { name: "db", port: 5432, transport: "udp", provider: machineId("d"), isReachable: false },
    ],
  };
}

/** So many machines of which each is connected with each. */
export function fullMesh(count: number): NetworkView {
  const digits = Array.from(
    { length: count },
    (_, index) => `a${index.toString(16).padStart(4, "0")}`,
  );
  const links = digits.flatMap((from, at) => digits.slice(at + 1).map((to) => link(from, to)));
  return {
    ...ALONE,
    self: machineId(digits[0]!),
    machines: digits.map((digit) => ({ id: machineId(digit), isOnline: true, address: "" })),
    links,
  };
}
