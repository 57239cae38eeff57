// What a node is told by its owner and what it must not forget about invites: config.yaml and
// consumed_invites.json.

export { CertTtls, type CertTtlsFields } from "./cert_ttls.ts";
export { Config, CONFIG_FILE, type ConfigFields } from "./config.ts";
export { type ConfiguredPeer } from "./bootstrap_peers.ts";
export { CONSUMED_INVITES_FILE, ConsumedInvites } from "./consumed_invites.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export {
  AGENT_ID_FILE,
  REGISTRY_AUTHORITY_FILE,
  REGISTRY_AUTHORITY_KEY_FILE,
  REGISTRY_DATABASE_FILE,
  REGISTRY_FILES,
  REGISTRY_LOCK_FILE,
} from "./registry_files.ts";
export { LEFT_DIRECTORY, NETWORK_FILES } from "./network_files.ts";
export { parseRegistrySettings, type RegistrySettings } from "./registry_settings.ts";
export { normalizeRelayAddr } from "./relay_address.ts";
