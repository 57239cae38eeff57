// The congestion control that an engine may be told to use.

/**
 * How an engine finds out how fast it may send: `cubic` slows down where packets get lost; `bbr`
 * follows the measured bandwidth, which is faster where packets get lost for other reasons than
 * congestion, and takes more from those it shares a link with.
 */
export type Congestion = "cubic" | "bbr";

/** All of them, the default first. */
export const CONGESTIONS: readonly Congestion[] = ["cubic", "bbr"];
