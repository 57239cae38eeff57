// Forwards and served ports.

/** Forwards of one node: a listening socket each. */
export const FORWARDS_MAX = 1_024;
/** Tunnels of one forward, or to one served port, at the same time: two descriptors each; new ones are reset. */
export const BRIDGES_PER_PORT_MAX = 16_384;
/** TCP connections of one forward that wait for their peer; beyond them new ones are reset at once. */
export const HELD_CONNECTIONS_MAX = 256;
