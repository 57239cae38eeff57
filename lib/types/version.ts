// The version that `pollen version` says, and peers are told. A constant, so that no command has to read deno.json; a
// test holds the two equal.

/** The version of this program. */
export const VERSION = "0.1.0";
