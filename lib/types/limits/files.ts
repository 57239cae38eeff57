// Files, standard input and what is fetched, in bytes: what is larger is refused unread.

import { TOKEN_TEXT_LENGTH_MAX } from "./messages.ts";

/** A file of keys or credentials: many times the largest there is. */
export const KEY_FILE_BYTES_MAX = 65_536;
/** config.yaml: thousands of peers. */
export const CONFIG_BYTES_MAX = 1 << 20;
/** A registry's settings: some hundred times usual ones. */
export const REGISTRY_SETTINGS_BYTES_MAX = 65_536;
/** References to one anchor in either: enough for people, too few to blow a small file up. */
export const CONFIG_ALIASES_MAX = 100;
/** consumed_invites.json: some ten thousand redeemed invites that have not expired. */
export const CONSUMED_INVITES_BYTES_MAX = 16 << 20;
/** udp_port: five digits and an end of line, with room for spaces. */
export const PORT_FILE_BYTES_MAX = 16;
/** A file that an option names: certificates, keys or tokens. Bundles of hundreds of certificates fit. */
export const NAMED_FILE_BYTES_MAX = 1 << 20;
/** agent_id: as many as a registry takes for an id. */
export const AGENT_ID_BYTES_MAX = 512;
/** The end of a log in which the reason of a failed start is looked for: some hundred lines. */
export const LOG_TAIL_BYTES_MAX = 65_536;
/** background.json: a process and the flags of `up`. */
export const BACKGROUND_NOTE_BYTES_MAX = 16_384;
/** A log file, after which a new one is started: some hundred thousand lines. */
export const LOG_FILE_BYTES_MAX = 10 << 20;
/** What is read of standard input: a token, twice. */
export const INPUT_BYTES_MAX = 2 * TOKEN_TEXT_LENGTH_MAX;
/** The list of a release's files: some twenty lines. */
export const RELEASE_LIST_BYTES_MAX = 64 * 1_024;
/** The signature of that list: an Ed25519 one has 64 bytes. */
export const RELEASE_SIGNATURE_BYTES_MAX = 256;
/** A program that is taken from a release: four times ours. */
export const PROGRAM_BYTES_MAX = 150 * 1_024 * 1_024;
