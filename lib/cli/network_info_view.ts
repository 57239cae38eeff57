// What `pollen status` says of the router between this machine and the Internet. Pure.

import type { NetworkInfo } from "../proto/mod.ts";
import { printable } from "./text.ts";

const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  pcp: "PCP",
  nat_pmp: "NAT-PMP",
  upnp: "UPnP",
};

/** One line while the router leads a port here. */
export function networkInfoLines(network: NetworkInfo | undefined): string[] {
  if (network?.mapping === undefined) return [];
  const { protocol, gateway, address } = network.mapping;
  const by = PROTOCOL_NAMES[protocol] ?? protocol;
  return [printable(`the router ${gateway} leads ${address} here (${by})`)];
}

/** Everything that is known of it; null from a daemon that does not say. */
export function networkInfoJson(network: NetworkInfo | undefined): Record<string, unknown> | null {
  if (network === undefined) return null;
  const { natKind, portMapping, mapping } = network;
  return {
    natKind,
    portMapping: {
      state: portMapping,
      protocol: mapping?.protocol ?? null,
      gateway: mapping?.gateway ?? null,
      address: mapping?.address ?? null,
    },
  };
}
