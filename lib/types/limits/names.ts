// What names and addresses may be.

/** The highest TCP or UDP port. */
export const PORT_MAX = 65_535;
/** The default UDP port of a node; an address without a port gets it (pollen/1). */
export const DEFAULT_PORT = 60_611;
/** Bytes of an Ed25519 public key, which is also a node's key. */
export const PEER_KEY_BYTES = 32;
/** Characters of a service name, lowest and highest (pollen/1). */
export const SERVICE_NAME_LENGTH_MIN = 1;
export const SERVICE_NAME_LENGTH_MAX = 64;
/** Characters of an IP literal: the longest has 45 (RFC 4291, section 2.2), the rest is for a zone. */
export const IP_LENGTH_MAX = 64;
/** Characters of a host name (RFC 1035, section 2.3.4). */
export const HOST_LENGTH_MAX = 253;
/** Characters of a bootstrap peer's address: a host name, a port, brackets. */
export const ADDRESS_LENGTH_MAX = HOST_LENGTH_MAX + 8;
/** Addresses taken from one record about a peer: more are a mistake or an attack. */
export const ADDRESSES_PER_PEER_MAX = 64;
/** Addresses taken for one name: as many as its owner's interfaces. */
export const ADDRESSES_PER_NAME_MAX = 8;
