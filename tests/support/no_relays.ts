// The part of a mesh about paths and relays, of one that has none.

import { type Mesh, PollenError } from "../../lib/types/mod.ts";

type RelayPart = Pick<
  Mesh<unknown, unknown>,
  | "peerPath"
  | "relayPeers"
  | "suggestPath"
  | "openRelay"
  | "closeRelay"
  | "relaysTo"
  | "carry"
  | "limitCarried"
  | "carriedBytes"
  | "endCarried"
>;

export const NO_RELAYS: RelayPart = {
  peerPath: () => null,
  relayPeers: () => new Map(),
  suggestPath() {},
  openRelay() {
    throw new PollenError("unreachable", "there are no relays");
  },
  closeRelay() {},
  relaysTo: () => [],
  carry() {
    throw new PollenError("unreachable", "there are no relays");
  },
  limitCarried() {},
  carriedBytes: () => new Map(),
  endCarried() {},
};
