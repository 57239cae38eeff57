// The one schema of both databases, and the steps that lead to it. A step that has been released is
// never changed: what is stored is brought on by a further one.

import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Moments are milliseconds since 1970. */
export interface NodesTable {
  id: string;
  kind: string;
  hostname: string;
  agent_address: string;
  /** JSON, or null where none were told. */
  capabilities: string | null;
  registered_at_ms: number;
  last_seen_ms: number;
  offline_at_ms: number | null;
  source: string;
  owner: string;
  /** The machine whose registry holds the node; empty when this storage's does. */
  via: string;
  /** Set when the node is forgotten, so that other instances learn of it; the row goes later. */
  forgotten_at_ms: number | null;
  /** Grows with each transaction that touches the row: what others ask for news by. */
  version: number;
}

export interface HistoryTable {
  node_id: string;
  at_ms: number;
  kind: string;
  source: string;
}

/** How often a node was heard over the last day. */
export interface HeartbeatsTable {
  node_id: string;
  /** The number of the newest bucket. */
  bucket: number;
  /** JSON: heartbeats of each bucket, newest first. */
  counts: string;
}

export interface TokensTable {
  id: string;
  name: string;
  scopes: string;
  hash: string;
  created_at_ms: number;
  expires_at_ms: number | null;
  revoked_at_ms: number | null;
}

export interface Schema {
  nodes: NodesTable;
  history: HistoryTable;
  heartbeats: HeartbeatsTable;
  tokens: TokensTable;
}

/** In the order of their names. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "001_nodes_and_tokens": { up: nodesAndTokens },
  "002_heartbeats": { up: heartbeats },
  "003_via": { up: via },
};

async function via(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("nodes")
    .addColumn("via", "text", (column) => column.notNull().defaultTo("")).execute();
}

async function heartbeats(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("heartbeats")
    .addColumn("node_id", "text", (column) => column.primaryKey())
    .addColumn("bucket", "bigint", (column) => column.notNull())
    .addColumn("counts", "text", (column) => column.notNull())
    .execute();
}

async function nodesAndTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable("nodes")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("hostname", "text", (column) => column.notNull())
    .addColumn("agent_address", "text", (column) => column.notNull())
    .addColumn("capabilities", "text")
    .addColumn("registered_at_ms", "bigint", (column) => column.notNull())
    .addColumn("last_seen_ms", "bigint", (column) => column.notNull())
    .addColumn("offline_at_ms", "bigint")
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("forgotten_at_ms", "bigint")
    .addColumn("version", "bigint", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("nodes_version").on("nodes").column("version").execute();
  await db.schema.createTable("history")
    .addColumn("node_id", "text", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("source", "text", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("history_node").on("history").columns(["node_id", "at_ms"]).execute();
  await db.schema.createIndex("history_at").on("history").column("at_ms").execute();
  await db.schema.createTable("tokens")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint")
    .addColumn("revoked_at_ms", "bigint")
    .execute();
}
