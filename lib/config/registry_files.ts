// The files of a registry and of an agent in the state folder, by name.

/** The nodes and tokens of a registry, unless its owner says where else. */
export const REGISTRY_DATABASE_FILE = "registry.db";

/** The lock of a registry that works on them. */
export const REGISTRY_LOCK_FILE = `${REGISTRY_DATABASE_FILE}.lock`;

/** What others trust who speak with a registry by TLS without a certificate from elsewhere. */
export const REGISTRY_AUTHORITY_FILE = "registry_ca.pem";
export const REGISTRY_AUTHORITY_KEY_FILE = "registry_ca_key.pem";

/** All of a registry's. SQLite makes the second and third (https://sqlite.org/tempfiles.html). */
export const REGISTRY_FILES: readonly string[] = [
  REGISTRY_DATABASE_FILE,
  `${REGISTRY_DATABASE_FILE}-wal`,
  `${REGISTRY_DATABASE_FILE}-shm`,
  REGISTRY_AUTHORITY_FILE,
  REGISTRY_AUTHORITY_KEY_FILE,
  REGISTRY_LOCK_FILE,
];

/** The id of this machine's agent. */
export const AGENT_ID_FILE = "agent_id";
