// Every bound of the registry, with its unit and its reason.

import { assert } from "../types/mod.ts";

/** Below this age of its last sign of life an agent is active; agents send one every 5 s. */
export const ACTIVE_MS = 10_000;

/** The age at which an agent is offline, unless its owner says otherwise. */
export const HEARTBEAT_TIMEOUT_MS = 30_000;

/** The shortest and longest timeout that can be chosen: one look at the ages, and a day. */
export const HEARTBEAT_TIMEOUT_MS_MIN = 1_000;
export const HEARTBEAT_TIMEOUT_MS_MAX = 86_400_000;

/** Between two looks at the ages: agents are late to be offline by at most this much. */
export const SWEEP_MS = 250;
assert(SWEEP_MS < 1_000, "an agent is offline at most a second late");

/** How long an agent that is offline is remembered. */
export const OFFLINE_KEPT_MS = 30 * 86_400_000;

/** Between two looks for what has been remembered long enough. */
export const CLEAN_UP_MS = 3_600_000;

/** Bytes of UTF-8 in an id, and in any other text of a node: names and addresses are far shorter. */
export const ID_BYTES_MAX = 512;
export const TEXT_BYTES_MAX = 1_024;

/** Bytes of one gRPC request: a node with all of its texts at their limits fits many times, and gets its refusal. */
export const REQUEST_BYTES_MAX = 1 << 21;
assert(REQUEST_BYTES_MAX > 13 * TEXT_BYTES_MAX + ID_BYTES_MAX, "the largest node fits");

/** Bytes of one gRPC answer: the list of as many nodes as there may be, in usual sizes. */
export const ANSWER_BYTES_MAX = 1 << 26;

/** Nodes that are online at once: five times what is measured, some 100 MB. */
export const NODES_MAX = 50_000;

/** Nodes that one token may have online at once. Without tokens all of them count as one. */
export const NODES_PER_TOKEN_MAX = 20_000;
assert(NODES_PER_TOKEN_MAX < NODES_MAX, "one token leaves room for others");

/** Nodes that are offline and remembered; beyond it the oldest is forgotten. */
export const OFFLINE_MAX = 50_000;

/** Between two commits of registrations: those of one turn share the wait for the disk. */
export const COMMIT_MS = 10;

/** Between two writes of heartbeats. What a crash takes of them is at most this much time. */
export const TOUCH_MS = 250;

/** How late another instance on the same database may tell of a heartbeat: its write, our question. */
export const FOREIGN_DELAY_MS = 2 * TOUCH_MS;
assert(
  SWEEP_MS + FOREIGN_DELAY_MS < 1_000,
  "an agent that another instance heard is in time as well",
);

/** Between two changes of what the network is told of one agent. */
export const TOLD_INTERVAL_MS = 30_000;

/** Between two looks at what the network is to be told: another registry lists an agent within a second. */
export const PUBLISH_MS = 250;

/** Pages that go out at once, some 300 KB: thousands of agents that come together take some seconds. */
export const PAGES_PER_FLUSH_MAX = 32;

/** Between two looks at all agents: room for them may have become free. */
export const RECOUNT_MS = 30_000;

/** Between two looks at who of the other registries is there: far below the age at which a node is stale. */
export const LEARN_MS = 2_000;
assert(2 * LEARN_MS < ACTIVE_MS, "an agent of a registry that is there is not stale");

/** How long an agent may be missing in what its registry tells before it is forgotten: restarts move it. */
export const FORGET_DELAY_MS = 10_000;

/** Rows in one write: a turn of the event loop stays short. */
export const ROWS_PER_WRITE_MAX = 500;

/** Until a failed write is tried again. */
export const RETRY_MS = 1_000;

/** Events that a listener who was away can still get, and those that may wait for a slow one. */
export const EVENTS_KEPT_MAX = 1_024;
export const EVENTS_WAITING_MAX = 2_048;

/** Listeners to events at once, gRPC's health watchers counted apart. */
export const LISTENERS_MAX = 256;

/** Entries of a node's history that are shown, newest first. */
export const HISTORY_SHOWN_MAX = 100;

/** How often a node was heard is shown for a day, in buckets of five minutes: some 60 heartbeats each. */
export const HEARTBEAT_BUCKET_MS = 300_000;
export const HEARTBEAT_BUCKETS_MAX = 86_400_000 / HEARTBEAT_BUCKET_MS;

/** Counts of heartbeats that wait to be written: those of two buckets; beyond it the oldest are lost. */
export const HEARTBEATS_WAITING_MAX = 2 * NODES_MAX;

/** Nodes whose heartbeats are written in one turn of `SWEEP_MS`: some ten milliseconds; all in 25 s. */
export const HEARTBEATS_PER_WRITE_MAX = 500;
assert(
  NODES_MAX / HEARTBEATS_PER_WRITE_MAX * SWEEP_MS < HEARTBEAT_BUCKET_MS / 2,
  "a bucket is written before the next one is over",
);

/** Nodes in one commit: it holds the event loop for some tens of milliseconds at most. */
export const RECORDS_PER_COMMIT_MAX = 1_000;

/** Lines of history that wait for a storage that fails; beyond it the oldest are lost. */
export const HISTORY_WAITING_MAX = 10_000;

/** Nodes that go at once and are each told in the log; of more only the number. */
export const WARNINGS_PER_SWEEP_MAX = 100;

/** Between two looks at the tokens: one that is made or revoked counts after a second at the latest. */
export const TOKENS_REREAD_MS = 500;

/** Wrong tokens from one address within a window before it has to wait. */
export const FAILURES_PER_SOURCE_MAX = 20;
export const FAILURES_WINDOW_MS = 60_000;
/** Addresses whose failures are remembered; beyond it the one that began first is let off. */
export const FAILURES_REMEMBERED_MAX = 4_096;

/** Characters of a token's name. */
export const TOKEN_NAME_LENGTH_MAX = 100;

/** Between two looks for those who watch the registry's health. */
export const HEALTH_LOOK_MS = 500;

/** How long a list of nodes is shown before heartbeats count in it. */
export const LIST_AGE_MS_MAX = 250;

/** Between two signs of life to those who listen to events: proxies cut what is silent. */
export const KEEP_ALIVE_MS = 15_000;

/** Between two looks at whether those who listen to events still may. */
export const LISTENER_CHECK_MS = 1_000;
assert(KEEP_ALIVE_MS % LISTENER_CHECK_MS === 0, "a look in so many is a sign of life as well");

/** Requests over HTTP that one address may send at once, and per second in the long run; this machine excepted. */
export const REQUESTS_BURST = 200;
export const REQUESTS_PER_SECOND = 50;
/** Addresses whose requests are counted; beyond it the one that asked first is let off. */
export const SOURCES_COUNTED_MAX = 4_096;

/** Bytes of a request's body, and the milliseconds in which it has to be there. */
export const BODY_BYTES_MAX = 4_096;
export const BODY_TIMEOUT_MS = 5_000;

/** How long running calls may take when the registry ends, for each door. */
export const CLOSE_GRACE_MS = 1_500;

/** How long a browser is logged in, and how many are at once. */
export const SESSION_MS = 12 * 3_600_000;
export const SESSIONS_MAX = 1_024;

/** Between two looks at the network of the node beside a registry, while somebody listens. */
export const NETWORK_LOOK_MS = 1_000;

/** Links that are told: two hundred machines of which each is connected with each, 4 MB as JSON. */
export const LINKS_TOLD_MAX = 20_000;
assert(LINKS_TOLD_MAX > 200 * 199 / 2, "a full mesh of two hundred is told whole");

/** Services that are told; of more only the number. */
export const SERVICES_TOLD_MAX = 10_000;
