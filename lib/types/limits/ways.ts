// Ways to a peer: relays as the engine and as nodes know them, punches, and the questions by which a
// session finds its path. The engine's own bounds are those of lib/quic/native/src/limits.rs.

import { DIALS_MAX, DIALS_PER_PEER_MAX, STRAYS_WAITING_MAX } from "./peers.ts";

/** Extra UDP sockets of one engine: two attempts to get through a strict NAT, 256 each. */
export const EXTRA_SOCKETS_MAX = 512;
/** Flows that this node's packets take over carriers, and flows that it carries for others. */
export const RELAYED_WAYS_MAX = 4_096;
export const CARRIED_FLOWS_MAX = 1_024;
/** The highest local number of a flow. */
export const RELAY_FLOW_MAX = 2 ** 20 - 1;
/** Bytes of what a flow's packets are told by, and of their AES-128 key. */
export const RELAY_TAG_BYTES = 8;
export const RELAY_KEY_BYTES = 16;
/** Bytes that a relayed packet is longer than the packet in it. */
export const RELAY_OVERHEAD_BYTES = 31;
/** Bytes per second that a carried flow may be given in each direction. */
export const CARRIED_BYTES_PER_SECOND_MIN = 1_024;
export const CARRIED_BYTES_PER_SECOND_MAX = 10_000_000_000;

// --- relays, as nodes agree on them

/** Relays that one member may have us carry: to as many peers as it may know behind strict routers. */
export const RELAYS_PER_MEMBER_MAX = 128;
/** Flows that lead this node to one peer: the one in use, one in reserve, one that comes. */
export const RELAYS_PER_PEER_MAX = 3;
/** Flows that one carrier may open to this node; it is asked for no more than this, and can force no more. */
export const RELAYS_PER_CARRIER_MAX = 256;
/**
 * Requests for relays of one member that are answered at once, and grants of one carrier that are taken:
 * all that it may have, as after a restart. One more is after each such time, in milliseconds.
 */
export const RELAY_REQUESTS_AT_ONCE_MAX = RELAYS_PER_MEMBER_MAX;
export const RELAY_GRANTS_AT_ONCE_MAX = RELAYS_PER_CARRIER_MAX;
export const RELAY_WORD_PAUSE_MS = 250;
/**
 * What the relays of one member may carry together in each direction unless told otherwise, in
 * megabytes per second: a tenth of a gigabit.
 */
export const RELAY_MEGABYTES_DEFAULT = 12;
/** The bounds of what may be told. */
export const RELAY_MEGABYTES_MIN = 1;
export const RELAY_MEGABYTES_MAX = 10_000;

// --- punches

/**
 * Requests of one peer to be led to others that are answered at once, and its words where others are
 * that are followed: a node that starts may have some peers that it cannot dial. One more is after each
 * such time, in milliseconds.
 */
export const PUNCH_WORDS_AT_ONCE_MAX = 16;
export const PUNCH_WORD_PAUSE_MS = 1_000;
/** Peers whose last coordinator is remembered: as many as there can be members. */
export const COORDINATORS_REMEMBERED_MAX = 1_024;
/** Attempts at the same time, as many as dials; each of equal ends sends ten packets a second. */
export const PUNCHES_MAX = DIALS_MAX;
/** Of these, to one IP: many nodes may be behind one router, or somebody may be aiming us at it. */
export const PUNCHES_PER_IP_MAX = 16;
/** Packets of both ends in one attempt, answers included: twice the ports that are tried. */
export const PUNCH_PACKETS_MAX = 2_048;
/** Questions that one end replies to within an attempt, by two packets each; an equal end asks 30 times. */
export const PUNCH_REPLIES_MAX = 32;

// --- questions to the addresses of a session's peer

/** Addresses of one peer that are asked in a round: as many as are dialled at once. */
export const PATH_CANDIDATES_MAX = DIALS_PER_PEER_MAX;
/** Questions of one session whose answers are waited for: those of four rounds; the oldest is forgotten. */
export const PATH_QUESTIONS_WAITING_MAX = 4 * PATH_CANDIDATES_MAX;
/**
 * Questions that packets or questions from elsewhere may cause in one session, at once: one to each
 * address that waits to be looked at. One more is after each such time, in milliseconds.
 */
export const PATH_QUESTIONS_AT_ONCE_MAX = STRAYS_WAITING_MAX;
export const PATH_QUESTION_PAUSE_MS = 250;
/** The same of answers to the peer's questions: those of two rounds. */
export const PATH_ANSWERS_AT_ONCE_MAX = 2 * PATH_CANDIDATES_MAX;
export const PATH_ANSWER_PAUSE_MS = 50;
