// What the room talks about: a router, a mapping on it, and how one is asked for.

import type { SocketAddress } from "../types/mod.ts";

/** The router that leads to the Internet, and our address on the link to it. Both IPv4 literals. */
export interface Gateway {
  readonly ip: string;
  readonly localIp: string;
}

/** The protocols that routers speak, the one that is tried first coming first. */
export type MappingProtocol = "pcp" | "nat_pmp" | "upnp";

/** An UDP port of a router's outer address that leads to a port of ours. */
export interface Mapping {
  readonly protocol: MappingProtocol;
  readonly gateway: Gateway;
  readonly internalPort: number;
  /** The router's outer address and port. It need not be public: routers stand behind routers. */
  readonly external: SocketAddress;
  /** Milliseconds for which the router keeps it without another word; null for ever. */
  readonly lifetimeMs: number | null;
}

/** What is asked for. */
export interface MappingWish {
  readonly gateway: Gateway;
  readonly internalPort: number;
  /** The outer port that would be best; routers may choose another. */
  readonly externalPort: number;
  /** Milliseconds, whole seconds. */
  readonly lifetimeMs: number;
}

/**
 * Asks one router by one protocol. Everything throws a `PollenError`: `unreachable` when nothing
 * answers, `refused` when the router says no, `malformed` when what it says makes no sense.
 */
export interface MappingClient {
  readonly protocol: MappingProtocol;
  /** Makes the mapping, or prolongs it when there is one. */
  map(wish: MappingWish, signal: AbortSignal): Promise<Mapping>;
  /** Takes it away. */
  unmap(mapping: Mapping, signal: AbortSignal): Promise<void>;
}
