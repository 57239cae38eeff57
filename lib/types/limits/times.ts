// Lives and clocks.

/** The tolerated difference between two machines' clocks, in seconds (pollen/1). */
export const CLOCK_SKEW_SECONDS = 60;
/** The longest life of anything signed, in milliseconds: 1000 years, far from where 64 bits end. */
export const LIFE_MS_MAX = 1_000 * 365 * 24 * 60 * 60 * 1_000;
/** The longest life of a join token that answers an invite, in seconds (pollen/1). */
export const JOIN_TOKEN_SECONDS_MAX = 300n;
/** Milliseconds that the daemon works on one call, whatever the caller allows. */
export const HANDLER_TIMEOUT_MS_MAX = 60_000;
