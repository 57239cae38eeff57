// The network as JSON. Without a node beside the registry it is empty, and says why.

import type { NetworkView } from "../network.ts";
import { safeJson } from "./json.ts";

const REASON = "This registry runs without a node, so it knows of no network. " +
  "One beside a node does: pollen up --registry";

/** The answer to `GET /api/network`; null without a node. */
export function networkJson(view: NetworkView | null): string {
  return `${
    safeJson({
      reason: view === null ? REASON : null,
      self: view?.self ?? null,
      machines: (view?.machines ?? []).map(({ id, isOnline, address }) => ({
        id,
        isOnline,
        address: address || undefined,
      })),
      links: (view?.links ?? []).map(({ from, to, path, carrier, latencyMs }) => ({
        from,
        to,
        path,
        carrier: carrier ?? undefined,
        latencyMs: latencyMs ?? undefined,
      })),
      omittedLinks: view?.omittedLinks ?? 0,
    })
  }\n`;
}

/** The answer to `GET /api/services`; null without a node. */
export function servicesJson(view: NetworkView | null): string {
  return `${
    safeJson({
      reason: view === null ? REASON : null,
      services: view?.services ?? [],
      omittedServices: view?.omittedServices ?? 0,
    })
  }\n`;
}
