// Every bound of the replicated state, each with its unit and its reason. A peer can make this node
// hold no more than these allow.

import { ADDRESSES_PER_PEER_MAX, assert } from "../types/mod.ts";

/** Authors whose events are kept: more than a full mesh can have members. */
export const AUTHORS_MAX = 1_024;

/** Attributes kept per author, deleted ones included. Revocations, which the root signs, do not count. */
export const ATTRIBUTES_PER_AUTHOR_MAX = 2_048;
assert(
  ATTRIBUTES_PER_AUTHOR_MAX >= 2 * AUTHORS_MAX,
  "an author can name every other one as reachable and still have services",
);

/** Attributes somebody invented in our name that we take up in order to delete them. */
export const GHOSTS_MAX = ATTRIBUTES_PER_AUTHOR_MAX / 2;

/** The highest counter that fits its field. */
export const COUNTER_MAX = 2n ** 64n - 1n;

/**
 * How far above an author's known maximum a counter may be. More is no honest gap: a node that
 * changes something a thousand times a second is seven weeks away from it.
 */
export const COUNTER_JUMP_MAX = 2n ** 32n;

/**
 * The highest counter taken from an author of whom nothing is known yet. Higher than the jump, or
 * one forged event would make its victim invisible to every node that joins later.
 */
export const COUNTER_FIRST_MAX = 2n ** 48n;

/**
 * How far the own counter advances at each start: more than the events that can go out between two
 * saves. An event that went out but was not saved before a crash therefore never shares its number
 * with another one.
 */
export const COUNTER_RESERVE = 2n ** 16n;
assert(COUNTER_RESERVE < COUNTER_JUMP_MAX, "a restart is not taken for a forgery");

/** Desired connections kept. */
export const CONNECTIONS_MAX = 4_096;

/** Services of one other node that are saved; the rest comes back from the network. */
export const SAVED_SERVICES_PER_PEER_MAX = 64;

/** Bytes of the state file that are read: several times what all other bounds allow to be written. */
export const STATE_FILE_BYTES_MAX = 64 * 1_024 * 1_024;
assert(
  AUTHORS_MAX * (SAVED_SERVICES_PER_PEER_MAX + ADDRESSES_PER_PEER_MAX) * 400 < STATE_FILE_BYTES_MAX,
  "a file we wrote can be read again",
);

/** Characters of an IP literal, with a zone. */
export const IP_LENGTH_MAX = 64;
