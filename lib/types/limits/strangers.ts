// Who reaches this node and is no member yet, or has none but an invite.

/**
 * Milliseconds that a handshake may take: the engine's bound (`HANDSHAKE_TIMEOUT` in native/src/limits.rs).
 * Who is waited for because of a slow machine or path is waited for as long.
 */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Open handshakes up to which nobody has to prove an address: what costs us next to nothing. */
export const HANDSHAKES_UNPROVED_MAX = 64;
/** Open handshakes beyond which only members' sources are taken. The engine itself ends at 1024. */
export const HANDSHAKES_MAX = 512;
/** Handshakes that one source may begin in 10 s without proof of its address, and with it. */
export const HANDSHAKES_UNPROVED_PER_SOURCE_MAX = 16;
export const HANDSHAKES_PROVED_PER_SOURCE_MAX = 32;
/** Sources of members that are remembered; the one that was seen the longest ago goes first. */
export const MEMBER_SOURCES_MAX = 4_096;
/**
 * Certificates that need not be read a second time, one for each member that there can be
 * (`AUTHORS_MAX`); the one that was used longest ago goes first.
 */
export const KNOWN_CERTIFICATES_MAX = 1_024;
/**
 * Verified signatures that are remembered, that of the membership of each such member; the one that
 * was used longest ago goes first.
 */
export const VERIFIED_SIGNATURES_MAX = 1_024;
/**
 * The same for events, 200 bytes each: a node hears each once, but the nodes of one process hear the
 * same, and nearly at the same time.
 */
export const VERIFIED_EVENTS_MAX = 16_384;
/** Public keys that were made ready to verify with: that of each such member. */
export const PUBLIC_KEYS_MAX = 1_024;
/** Strangers who redeem invites at the same time: in all, and of one source. Others are turned away. */
export const INVITE_SESSIONS_MAX = 32;
export const INVITE_SESSIONS_PER_SOURCE_MAX = 8;
/** Requests answered on one such session: the repetitions of one, with room. */
export const INVITE_REQUESTS_MAX = 16;

/** Requests to redeem an invite that one member passes on to another: at once; one more after each such time. */
export const REDEMPTIONS_AT_ONCE_MAX = 32;
export const REDEMPTION_PAUSE_MS = 250;
/** Such requests, of all members, that wait for an answer: as many as strangers could bring themselves. */
export const REDEMPTIONS_PENDING_MAX = INVITE_SESSIONS_MAX;
/** Members asked for one request: a few liars who say that they redeem must not be the only ones. */
export const REDEMPTION_CLAIMANTS_MAX = 8;
