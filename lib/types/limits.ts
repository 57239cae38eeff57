// Every bound that more than one room relies on, each with its unit and its reason. What only one
// room needs stands in that room.

import { assert } from "./assert.ts";

/** The highest TCP or UDP port. */
export const PORT_MAX = 65_535;

/** The default UDP port of a node; an address without a port gets it (pollen/1). */
export const DEFAULT_PORT = 60_611;

/** Bytes of an Ed25519 public key, which is also a node's key. */
export const PEER_KEY_BYTES = 32;

/** Characters of a service name, lowest and highest (pollen/1). */
export const SERVICE_NAME_LENGTH_MIN = 1;
export const SERVICE_NAME_LENGTH_MAX = 64;

/** The most bytes a datagram's envelope may have on its way in: no UDP payload is larger. */
export const DATAGRAM_BYTES_MAX = 65_527;

/**
 * Bytes of events put into one datagram (pollen/1). It must leave room for QUIC and UDP headers in
 * the smallest packet that QUIC starts with, 1200 bytes (RFC 9000, section 14).
 */
export const EVENT_BATCH_BYTES = 1_100;
assert(EVENT_BATCH_BYTES < 1_200 - 60, "a batch of events fits the first packets of a session");

/** The longest text of a token that is looked at, in characters: 40 times a usual one. */
export const TOKEN_TEXT_LENGTH_MAX = 65_536;

/** The most addresses taken from one record about a peer: more are a mistake or an attack. */
export const ADDRESSES_PER_PEER_MAX = 64;

/** The tolerated difference between two machines' clocks, in seconds (pollen/1). */
export const CLOCK_SKEW_SECONDS = 60;

/**
 * Milliseconds that a handshake may take: the engine's bound (`HANDSHAKE_TIMEOUT` in native/src/limits.rs).
 * Who is waited for because of a slow machine or path is waited for as long.
 */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The longest frame of a pollen/2 session, in bytes: four of the batches that events are cut into. */
export const FRAME_BYTES_MAX = 262_144;

/** Bytes of events put into one frame, the size of its other parts aside. */
export const RECORDS_BYTES = 65_536;
assert(RECORDS_BYTES * 2 <= FRAME_BYTES_MAX, "an event too many still fits its frame");
