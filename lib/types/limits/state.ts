// The replicated state, the agents of a network's registries, and how both are exchanged.

import { assert } from "../assert.ts";
import { FRAME_BYTES_MAX, MEMBERSHIP_BYTES_MAX, RECORDS_BYTES } from "./messages.ts";
import { ADDRESSES_PER_PEER_MAX } from "./names.ts";
import { FORWARDS_MAX } from "./tunnels.ts";

/** Members whose signed events are kept: more than a full mesh can have. */
export const AUTHORS_MAX = 1_024;
/** Authors beside them whose events nobody signed (pollen/1): a member can make up as many as it likes. */
export const UNSIGNED_AUTHORS_MAX = 1_024;
/** Their attributes together, some 500 bytes each: enough for 350 nodes of pollen/1 that all reach each other. */
export const UNSIGNED_ATTRIBUTES_MAX = 131_072;
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
/**
 * Summaries of one peer that are answered at once: the state of a thousand nodes takes ten. One more is
 * after each such time, in milliseconds.
 */
export const SUMMARIES_AT_ONCE_MAX = 32;
export const SUMMARY_ANSWER_PAUSE_MS = 500;
/** Bytes that answer one summary, give or take a part, as many as a frame may have: the rest is asked for anew. */
export const SUMMARY_ANSWER_BYTES = FRAME_BYTES_MAX;
/** Memberships in one frame, some 400 bytes each: a quarter of what it holds. */
export const MEMBERSHIPS_PER_FRAME = 128;
assert(
  MEMBERSHIPS_PER_FRAME * MEMBERSHIP_BYTES_MAX / 4 <= FRAME_BYTES_MAX,
  "memberships of more than twice the usual size fit their frame",
);
/** Desired connections kept: four times the forwards that can be there. */
export const CONNECTIONS_MAX = 4 * FORWARDS_MAX;
/** Services of one other node that are saved; the rest comes back from the network. */
export const SAVED_SERVICES_PER_PEER_MAX = 64;
/** Bytes of the state file that are read: more than what all other bounds allow to be written. */
export const STATE_FILE_BYTES_MAX = 64 * 1_024 * 1_024;
assert(
  (AUTHORS_MAX + UNSIGNED_AUTHORS_MAX) * (SAVED_SERVICES_PER_PEER_MAX + ADDRESSES_PER_PEER_MAX) *
      200 < STATE_FILE_BYTES_MAX,
  "a file we wrote can be read again",
);

// --- agents, which nodes tell each other in pages

/** Agents in one page, and bytes of one: some 300 each, and the largest agent that a registry takes fits. */
export const AGENTS_PER_PAGE_MAX = 32;
export const AGENT_PAGE_BYTES_MAX = 16_384;
assert(AGENT_PAGE_BYTES_MAX <= RECORDS_BYTES, "a page fits a frame");
/** Pages of one author, of which the first is for its own machine: 16,352 agents, 8 MB at most. */
export const AGENT_PAGES_PER_AUTHOR_MAX = 512;
/** Pages of all authors, and their bytes: a summary of so many fits a frame. Further ones are not taken. */
export const AGENT_PAGES_MAX = 8_192;
export const AGENT_PAGES_BYTES_MAX = 64 * 1_024 * 1_024;
assert(
  AGENT_PAGES_MAX * 18 + AUTHORS_MAX * 40 < FRAME_BYTES_MAX,
  "a summary of all pages fits a frame",
);
/** Sessions of which a node tells the others how they go, 17 bytes each at most: half of its page. */
export const LINKS_SAID_MAX = 512;
assert(17 * LINKS_SAID_MAX < AGENT_PAGE_BYTES_MAX / 1.8, "a page has room for its machine as well");
