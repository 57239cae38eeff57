// The port for a router's port mapping, as those see it who tell of it.

import type { SocketAddress } from "./address.ts";

/** A port of the router that leads to us. */
export interface MappedPort {
  /** `pcp`, `nat_pmp` or `upnp`. */
  readonly protocol: string;
  readonly gateway: { readonly ip: string };
  /** The router's outer address, which need not be public. */
  readonly external: SocketAddress;
}

/** What keeps a mapping alive until it is disposed of, which takes the mapping away. */
export interface PortMapping extends AsyncDisposable {
  /** The mapping in force. */
  readonly mapping: MappedPort | null;
  /** `none`: no router offers one, or there is no router; `searching` while that is not known. */
  readonly state: "searching" | "none" | "mapped";
}
