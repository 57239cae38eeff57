// The room of the replicated state: what each node says about itself, merged, queried and saved.

export { asPollen1, attributeKey } from "./core_attribute.ts";
export { connectionKey } from "./core_connections.ts";
export { type KnownPage, pageBytes, type PageName, type Pages } from "./core_pages.ts";
export { recordBytes } from "./core_sync.ts";
export { encodeLinks, type LinkName, linkName, type SaidLink } from "./links.ts";
export type {
  ApplyResult,
  Authority,
  Connection,
  KnownPeer,
  NodeRecord,
  SaveUrgency,
} from "./records.ts";
export { lockFolder } from "./state_file.ts";
export { Store } from "./store.ts";
