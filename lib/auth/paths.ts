// The names and modes of the files that hold keys and credentials. Private keys are for their owner
// alone, and so is the directory; public files may be read by the owner's group.

/** Where they are, below the state directory. */
export const KEYS_DIRECTORY = "keys";

export const KEYS_DIRECTORY_MODE = 0o700;
export const PRIVATE_MODE = 0o600;
export const PUBLIC_MODE = 0o640;

export const TRUST_FILE = "cluster.trust.pb";
export const MEMBERSHIP_FILE = "membership.cert.pb";
export const ADMIN_CERT_FILE = "admin.cert.pb";
/** The join token of a network that this node is about to change to. */
export const CHANGE_FILE = "change.token.pb";

/** Held while keys are made, so that two commands at once do not make two identities. */
const LOCK_FILE = ".keys.lock";

export function keysDirectory(dir: string): string {
  return `${dir}/${KEYS_DIRECTORY}`;
}

export function keyPath(dir: string, file: string): string {
  return `${keysDirectory(dir)}/${file}`;
}

export function lockPath(dir: string): string {
  return keyPath(dir, LOCK_FILE);
}
