// What is decoded, from whomever it comes.

import { assert } from "../assert.ts";

/** Bytes of a datagram's envelope on its way in: no UDP payload is larger. */
export const DATAGRAM_BYTES_MAX = 65_527;
/**
 * Bytes of events put into one datagram (pollen/1). It must leave room for QUIC and UDP headers in
 * the smallest packet that QUIC starts with, 1200 bytes (RFC 9000, section 14).
 */
export const EVENT_BATCH_BYTES = 1_100;
assert(EVENT_BATCH_BYTES < 1_200 - 60, "a batch of events fits the first packets of a session");
/** The longest frame of a pollen/2 session, in bytes: four of the batches that events are cut into. */
export const FRAME_BYTES_MAX = 262_144;
/** Bytes of events put into one frame, the size of its other parts aside. */
export const RECORDS_BYTES = 65_536;
assert(RECORDS_BYTES * 2 <= FRAME_BYTES_MAX, "an event too many still fits its frame");
/** Bytes of an event that its author signed: what a datagram holds, with room. */
export const SIGNED_EVENT_BYTES_MAX = 2_048;
/** Frames are long messages; what the hello may hold is bounded on its own: characters, and capabilities. */
export const HELLO_TEXT_LENGTH_MAX = 64;
export const CAPABILITIES_MAX = 64;
/** Bytes of a message, where its decoder is not told otherwise: what a status of a large network has. */
export const PROTO_BYTES_MAX = 1 << 20;
/** Elements of all lists and maps of a message: 16 bytes each of the largest message. */
export const PROTO_ELEMENTS_MAX = 1 << 16;
/** Bytes of a request or response on the control socket, as long as nobody says otherwise. */
export const CALL_BYTES_MAX = 1 << 22;
/** Bytes of an error in a trailer: in base64 and with the rest far below HTTP/2's usual 64 KiB. */
export const ERROR_TRAILER_BYTES_MAX = 8_192;
/** Characters of a token's text that are looked at: 40 times a usual one. */
export const TOKEN_TEXT_LENGTH_MAX = 65_536;
/** Bootstrap peers of one token: more do not fit what is typed or sent. */
export const BOOTSTRAP_PEERS_MAX = 64;
/** Members that an invite names besides the issuer, and addresses of each: over pollen/1 an answer is a datagram. */
export const INVITE_FORWARDERS_MAX = 3;
export const INVITE_ADDRESSES_PER_FORWARDER_MAX = 2;
/** Bytes of a peer's TLS certificate: ten times ours. */
export const CERTIFICATE_BYTES_MAX = 8_192;
/** Bytes of the membership in it: ten times ours. */
export const MEMBERSHIP_BYTES_MAX = 4_096;
/** Bytes of a request or answer about an invite: three times a token with 64 addresses. */
export const INVITE_MESSAGE_BYTES_MAX = 16_384;
