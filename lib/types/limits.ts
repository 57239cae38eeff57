// Every bound on what others can make this node hold, decode or do, each with its unit and its reason.
// Those of the engine's own thread stand in lib/quic/native/src/limits.rs, those of a registry in
// lib/registry/limits.ts. What happens at a bound is said where it is not an error: what is refused is
// counted by the limit's name, and logged once a minute and name at most (exceeded.ts).

import { assert } from "./assert.ts";

// --- names and addresses

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

// --- what is decoded

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

// --- files and standard input, in bytes; what is larger is refused unread

/** A file of keys or credentials: many times the largest there is. */
export const KEY_FILE_BYTES_MAX = 65_536;
/** config.yaml: thousands of peers. */
export const CONFIG_BYTES_MAX = 1 << 20;
/** A registry's settings: some hundred times usual ones. */
export const REGISTRY_SETTINGS_BYTES_MAX = 65_536;
/** References to one anchor in either: enough for people, too few to blow a small file up. */
export const CONFIG_ALIASES_MAX = 100;
/** consumed_invites.json: some ten thousand redeemed invites that have not expired. */
export const CONSUMED_INVITES_BYTES_MAX = 16 << 20;
/** udp_port: five digits and an end of line, with room for spaces. */
export const PORT_FILE_BYTES_MAX = 16;
/** A file that an option names: certificates, keys or tokens. Bundles of hundreds of certificates fit. */
export const NAMED_FILE_BYTES_MAX = 1 << 20;
/** agent_id: as many as a registry takes for an id. */
export const AGENT_ID_BYTES_MAX = 512;
/** The end of a log in which the reason of a failed start is looked for: some hundred lines. */
export const LOG_TAIL_BYTES_MAX = 65_536;
/** background.json: a process and the flags of `up`. */
export const BACKGROUND_NOTE_BYTES_MAX = 16_384;
/** A log file, after which a new one is started: some hundred thousand lines. */
export const LOG_FILE_BYTES_MAX = 10 << 20;
/** What is read of standard input: a token, twice. */
export const INPUT_BYTES_MAX = 2 * TOKEN_TEXT_LENGTH_MAX;
/** The list of a release's files: some twenty lines. */
export const RELEASE_LIST_BYTES_MAX = 64 * 1_024;
/** The signature of that list: an Ed25519 one has 64 bytes. */
export const RELEASE_SIGNATURE_BYTES_MAX = 256;
/** A program that is taken from a release: four times ours. */
export const PROGRAM_BYTES_MAX = 150 * 1_024 * 1_024;

// --- the router, and who plays it on its link

/** Characters of the longest XML from a router, and bytes of its HTTP answers: real ones have less than 20,000. */
export const ROUTER_XML_LENGTH_MAX = 65_536;
/** Elements of one document, and how deep they lie: descriptions have some hundred, ten deep. */
export const ROUTER_XML_ELEMENTS_MAX = 2_048;
export const ROUTER_XML_DEPTH_MAX = 32;
/** Characters of a URL that a router names. */
export const ROUTER_URL_LENGTH_MAX = 2_048;
/** Bytes of an answer by SSDP. */
export const SSDP_BYTES_MAX = 8_192;
/** Bytes of a PCP message (RFC 6887, section 7). */
export const PCP_BYTES_MAX = 1_100;
/** Outer ports that are tried when the one wished for is somebody else's; that four more are taken is no chance. */
export const ROUTER_OTHER_PORTS_MAX = 4;
/** Milliseconds for an HTTP request to the router and the whole of its answer. */
export const ROUTER_HTTP_TIMEOUT_MS = 3_000;

// --- strangers

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

// --- peers and sessions

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
 * cause a question at once; the oldest goes first.
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

// --- ways and relays: the engine's own bounds are those of native/src/limits.rs

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

// --- tunnels

/** Forwards of one node: a listening socket each. */
export const FORWARDS_MAX = 1_024;
/** Tunnels of one forward, or to one served port, at the same time: two descriptors each; new ones are reset. */
export const BRIDGES_PER_PORT_MAX = 16_384;
/** TCP connections of one forward that wait for their peer; beyond them new ones are reset at once. */
export const HELD_CONNECTIONS_MAX = 256;

// --- the replicated state

/** Members whose signed events are kept: more than a full mesh can have. */
export const AUTHORS_MAX = 1_024;
/** Authors beside them whose events nobody signed (pollen/1): a member can make up as many as it likes. */
export const UNSIGNED_AUTHORS_MAX = 1_024;
/** Their attributes together, some 500 bytes each: enough for 350 nodes of pollen/1 that all reach each other. */
export const UNSIGNED_ATTRIBUTES_MAX = 131_072;
/** Attributes kept per author, deleted ones included. Revocations, which the root signs, do not count. */
export const ATTRIBUTES_PER_AUTHOR_MAX = 2_048;
assert(
  ATTRIBUTES_PER_AUTHOR_MAX >= 2 * AUTHORS_MAX,
  "an author can name every other one as reachable and still have services",
);
/** Attributes somebody invented in our name that we take up in order to delete them. */
export const GHOSTS_MAX = ATTRIBUTES_PER_AUTHOR_MAX / 2;
/** The highest counter that fits its field. */
export const COUNTER_MAX = 2n ** 64n - 1n;
/**
 * How far above an author's known maximum a counter may be. More is no honest gap: a node that
 * changes something a thousand times a second is seven weeks away from it.
 */
export const COUNTER_JUMP_MAX = 2n ** 32n;
/**
 * The highest counter taken from an author of whom nothing is known yet. Higher than the jump, or
 * one forged event would make its victim invisible to every node that joins later.
 */
export const COUNTER_FIRST_MAX = 2n ** 48n;
/**
 * How far the own counter advances at each start: more than the events that can go out between two
 * saves. An event that went out but was not saved before a crash therefore never shares its number
 * with another one.
 */
export const COUNTER_RESERVE = 2n ** 16n;
assert(COUNTER_RESERVE < COUNTER_JUMP_MAX, "a restart is not taken for a forgery");
/**
 * Summaries of one peer that are answered at once: the state of a thousand nodes takes ten. One more is
 * after each such time, in milliseconds.
 */
export const SUMMARIES_AT_ONCE_MAX = 32;
export const SUMMARY_ANSWER_PAUSE_MS = 500;
/** Bytes that answer one summary, give or take a part, as many as a frame may have: the rest is asked for anew. */
export const SUMMARY_ANSWER_BYTES = FRAME_BYTES_MAX;
/** Memberships in one frame, some 400 bytes each: a quarter of what it holds. */
export const MEMBERSHIPS_PER_FRAME = 128;
assert(
  MEMBERSHIPS_PER_FRAME * MEMBERSHIP_BYTES_MAX / 4 <= FRAME_BYTES_MAX,
  "memberships of more than twice the usual size fit their frame",
);
/** Desired connections kept: four times the forwards that can be there. */
export const CONNECTIONS_MAX = 4 * FORWARDS_MAX;
/** Services of one other node that are saved; the rest comes back from the network. */
export const SAVED_SERVICES_PER_PEER_MAX = 64;
/** Bytes of the state file that are read: more than what all other bounds allow to be written. */
export const STATE_FILE_BYTES_MAX = 64 * 1_024 * 1_024;
assert(
  (AUTHORS_MAX + UNSIGNED_AUTHORS_MAX) * (SAVED_SERVICES_PER_PEER_MAX + ADDRESSES_PER_PEER_MAX) *
      200 < STATE_FILE_BYTES_MAX,
  "a file we wrote can be read again",
);

// --- the agents of a network's registries, which nodes tell each other in pages

/** Agents in one page, and bytes of one: some 300 each, and the largest agent that a registry takes fits. */
export const AGENTS_PER_PAGE_MAX = 32;
export const AGENT_PAGE_BYTES_MAX = 16_384;
assert(AGENT_PAGE_BYTES_MAX <= RECORDS_BYTES, "a page fits a frame");
/** Pages of one author, of which the first is for its own machine: 16,352 agents, 8 MB at most. */
export const AGENT_PAGES_PER_AUTHOR_MAX = 512;
/** Pages of all authors, and their bytes: a summary of so many fits a frame. Further ones are not taken. */
export const AGENT_PAGES_MAX = 8_192;
export const AGENT_PAGES_BYTES_MAX = 64 * 1_024 * 1_024;
assert(
  AGENT_PAGES_MAX * 18 + AUTHORS_MAX * 40 < FRAME_BYTES_MAX,
  "a summary of all pages fits a frame",
);
/** Sessions of which a node tells the others how they go, 17 bytes each at most: half of its page. */
export const LINKS_SAID_MAX = 512;
assert(17 * LINKS_SAID_MAX < AGENT_PAGE_BYTES_MAX / 1.8, "a page has room for its machine as well");

// --- times

/** The tolerated difference between two machines' clocks, in seconds (pollen/1). */
export const CLOCK_SKEW_SECONDS = 60;
/** The longest life of anything signed, in milliseconds: 1000 years, far from where 64 bits end. */
export const LIFE_MS_MAX = 1_000 * 365 * 24 * 60 * 60 * 1_000;
/** The longest life of a join token that answers an invite, in seconds (pollen/1). */
export const JOIN_TOKEN_SECONDS_MAX = 300n;
/** Milliseconds that the daemon works on one call, whatever the caller allows. */
export const HANDLER_TIMEOUT_MS_MAX = 60_000;

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
