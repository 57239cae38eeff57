// Peers, their sessions, and what of both waits for JavaScript.

/** Peers dialled at the same time: inventing others must not make us flood their addresses. The rest waits its turn. */
export const DIALS_MAX = 64;
/** Addresses of one peer dialled at once: a laptop's, through NAT and past it. */
export const DIALS_PER_PEER_MAX = 16;
/** Milliseconds that one dial may be told to take. */
export const DIAL_TIMEOUT_MS_MAX = 60_000;
/** Sessions of one peer that stand by or drain: as many as one dial races, the current one aside. */
export const STANDBY_SESSIONS_MAX = DIALS_PER_PEER_MAX - 1;
/**
 * Milliseconds for which a session that lost to a crossing one is kept for what was begun on it. Few
 * connections take that long, and as long as it is there both ends keep its path open.
 */
export const DRAIN_MS_MAX = 3_600_000;
/**
 * Restarts of a peer that are taken at once: a machine that crashes, not two that share a key. One more
 * is after each such time; a supervisor restarts a crashing daemon about as often.
 */
export const RESTARTS_MAX = 8;
export const RESTART_PAUSE_MS = 5_000;
/** Peers whose rate of something is kept account of; the one that was quiet the longest is forgotten first. */
export const RATED_PEERS_MAX = 1_024;
/**
 * Memberships that one peer tells of at once, its own or ours; one more is after each such time. Two
 * signatures of each are verified, and a membership is renewed once in its life.
 */
export const MEMBERSHIPS_TOLD_AT_ONCE_MAX = 4;
export const MEMBERSHIPS_TOLD_PAUSE_MS = 10_000;
/** Peers that turn us away whose words are kept; a member that invents others fills no more. */
export const REFUSING_PEERS_MAX = 256;
/** Refusals of peers that are remembered, so that each is reported once: one of each member there can be. */
export const REFUSALS_REMEMBERED_MAX = 1_024;
/** Peers whose word about our address is kept: as many as there can be members. */
export const OBSERVERS_MAX = 1_024;
/** Characters, and bytes, of a reason that travel with a close; the rest is cut off. */
export const CLOSE_REASON_LENGTH_MAX = 256;
export const CLOSE_REASON_BYTES_MAX = 256;

// --- queues: what waits for JavaScript

/**
 * Sessions dialled to us that wait to be accepted, half of the handshakes that may be open; the engine
 * refuses further attempts.
 */
export const SESSIONS_WAITING_MAX = 256;
/** Datagrams of one session that wait, four times the envelopes that may wait for the node; the oldest goes first. */
export const DATAGRAMS_WAITING_MAX = 256;
/**
 * Addresses that packets of a session came from unexpectedly and that wait to be looked at, as many as may
 * cause a question at once: the addresses of a machine that moves; the oldest goes first.
 */
export const STRAYS_WAITING_MAX = 8;
/** Streams of one session that wait: as many as a peer may have open. */
export const STREAMS_WAITING_MAX = 16_384;
/** Raw packets that wait, the probes of half a second of an attempt to punch; the oldest goes first. */
export const RAW_PACKETS_WAITING_MAX = 256;
/** Notices of the engine that wait; the oldest goes first. Faults come once a minute and kind. */
export const NOTICES_WAITING_MAX = 64;
/** TCP connections of one listener that wait to be accepted; the engine resets further ones. */
export const TCP_CONNECTIONS_WAITING_MAX = 1_024;
/** Envelopes of one peer that wait for the node; beyond them its oldest is lost, as datagrams may be. */
export const PACKETS_WAITING_MAX = 64;
/** Frames of one peer that wait for the node; further ones wait in the peer's stream. */
export const FRAMES_WAITING_MAX = 1;
/** Bytes of frames that wait for a peer to read: several answers to a summary. */
export const FRAMES_UNSENT_BYTES_MAX = 2 * 1_024 * 1_024;
/** Streams without a rule that wait for the tunnels; beyond them new ones are reset. */
export const UNRULED_STREAMS_WAITING_MAX = 256;
/** Events of peers that wait for the node. They are never lost: beyond this, new sessions are refused. */
export const PEER_EVENTS_WAITING_MAX = 8_192;
