// Storage in a database by one query builder, whichever database it is. What the two do not have in
// common stands behind `Database`: sqlite.ts, postgres.ts.
//
// Invariant of a shared database: transactions that write nodes follow one another, so that their
// versions become visible in order and nobody who asks for news misses one.

import type { Kysely, RawBuilder, Transaction } from "kysely";
import { Migrator } from "kysely/migration";
import {
  addCounts,
  bucketOf,
  type HeartbeatCount,
  type HeartbeatSeries,
} from "../core/heartbeats.ts";
import type { NodeRecord } from "../core/record.ts";
import { HEARTBEAT_BUCKETS_MAX, ROWS_PER_WRITE_MAX } from "../limits.ts";
import { PollenError, type WallMs } from "../../types/mod.ts";
import { fromRow, toRow, toSeries } from "./rows.ts";
import { MIGRATIONS, type Schema } from "./schema.ts";
import type {
  Batch,
  HistoryEntry,
  HistoryKind,
  News,
  Storage,
  StoredToken,
  Touch,
} from "./storage.ts";

/** How long the row of a forgotten node stays for other instances to learn of it. */
const FORGOTTEN_KEPT_MS = 3_600_000;

/** What differs between databases. */
export interface Database extends AsyncDisposable {
  readonly name: string;
  readonly isShared: boolean;
  readonly kysely: Kysely<Schema>;
  /** Lets writers of nodes follow one another until the transaction ends. */
  serialize(transaction: Transaction<Schema>): Promise<void>;
  /** Rows with the columns `id` and `seen` from a JSON list of objects. */
  touchRows(json: string): RawBuilder<{ id: string; seen: number }>;
  /** Runs a transaction that need not wait for the disk: a crash of the machine may take it. */
  relaxed(work: (transaction: Transaction<Schema>) => Promise<void>): Promise<void>;
  /** What a failure means to the caller. */
  explain(thrown: unknown): PollenError;
}

/** Storage on a database, brought to the newest schema. It owns the database from the call on. */
export async function openDatabaseStorage(database: Database): Promise<Storage> {
  const storage = new DatabaseStorage(database);
  try {
    await storage.migrate();
    return storage;
  } catch (thrown) {
    await database[Symbol.asyncDispose]();
    throw thrown;
  }
}

class DatabaseStorage implements Storage {
  readonly #database: Database;
  readonly #db: Kysely<Schema>;
  /** Up to which version all is known here. */
  #knownVersion = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#db = database.kysely;
  }

  get name(): string {
    return this.#database.name;
  }

  get isShared(): boolean {
    return this.#database.isShared;
  }

  async migrate(): Promise<void> {
    const provider = { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) };
    const migrator = new Migrator({ db: this.#db, provider });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw this.#database.explain(error);
  }

  async load(): Promise<readonly NodeRecord[]> {
    this.#knownVersion = 0;
    return (await this.news()).records;
  }

  async news(): Promise<News> {
    const rows = await this.#try(
      this.#db.selectFrom("nodes").selectAll().where("version", ">", this.#knownVersion).execute(),
    );
    this.#knownVersion = rows.reduce(
      (highest, { version }) => Math.max(highest, version),
      this.#knownVersion,
    );
    return {
      records: rows.filter((row) => row.forgotten_at_ms === null).map(fromRow),
      forgotten: rows.filter((row) => row.forgotten_at_ms !== null).map(({ id }) => id),
    };
  }

  async write({ records, forgotten, history, now }: Batch): Promise<void> {
    await this.#try(
      this.#db.transaction().execute(async (transaction) => {
        const version = await this.#nextVersion(transaction);
        for (const some of chunks(records)) {
          const rows = some.map((record) => toRow(record, version));
          await transaction.insertInto("nodes").values(rows).onConflict((conflict) =>
            conflict.column("id").doUpdateSet((excluded) => ({
              kind: excluded.ref("excluded.kind"),
              hostname: excluded.ref("excluded.hostname"),
              agent_address: excluded.ref("excluded.agent_address"),
              capabilities: excluded.ref("excluded.capabilities"),
              last_seen_ms: excluded.ref("excluded.last_seen_ms"),
              offline_at_ms: excluded.ref("excluded.offline_at_ms"),
              source: excluded.ref("excluded.source"),
              owner: excluded.ref("excluded.owner"),
              via: excluded.ref("excluded.via"),
              forgotten_at_ms: null,
              version: excluded.ref("excluded.version"),
            })).whereRef("nodes.last_seen_ms", "<=", "excluded.last_seen_ms")
          ).execute();
        }
        for (const ids of chunks(forgotten)) {
          await transaction.updateTable("nodes").set({ forgotten_at_ms: now, version })
            .where("id", "in", ids).execute();
          for (const table of ["history", "heartbeats"] as const) {
            await transaction.deleteFrom(table).where("node_id", "in", ids).execute();
          }
        }
        for (const some of chunks(history)) {
          const rows = some.map(({ nodeId, atMs, kind, source }) => ({
            node_id: nodeId,
            at_ms: atMs,
            kind,
            source,
          }));
          await transaction.insertInto("history").values(rows).execute();
        }
      }),
    );
  }

  async touch(touches: readonly Touch[]): Promise<void> {
    await this.#try(this.#database.relaxed(async (transaction) => {
      const version = this.isShared ? { version: await this.#nextVersion(transaction) } : {};
      for (const some of chunks(touches)) {
        const json = JSON.stringify(some.map(({ id, lastSeenMs }) => ({ id, seen: lastSeenMs })));
        const seen = this.#database.touchRows(json).as<"seen">("seen");
        await transaction.updateTable("nodes").from(seen)
          .set((row) => ({ last_seen_ms: row.ref("seen.seen"), ...version }))
          .whereRef("nodes.id", "=", "seen.id")
          .whereRef("nodes.last_seen_ms", "<", "seen.seen")
          .execute();
      }
    }));
  }

  async cleanUp(before: WallMs, now: WallMs): Promise<void> {
    const forgottenBefore = now - FORGOTTEN_KEPT_MS;
    await this.#try(
      this.#db.transaction().execute(async (transaction) => {
        await transaction.deleteFrom("nodes").where((row) =>
          row.or([
            row("offline_at_ms", "<", before),
            row("forgotten_at_ms", "<", forgottenBefore),
          ])
        ).execute();
        await transaction.deleteFrom("history").where("at_ms", "<", before).execute();
        await transaction.deleteFrom("heartbeats")
          .where("bucket", "<=", bucketOf(now) - HEARTBEAT_BUCKETS_MAX).execute();
      }),
    );
  }

  async history(id: string, limit: number): Promise<readonly HistoryEntry[]> {
    const rows = await this.#try(
      this.#db.selectFrom("history").selectAll().where("node_id", "=", id)
        .orderBy("at_ms", "desc").limit(limit).execute(),
    );
    return rows.map(({ node_id, at_ms, kind, source }) => ({
      nodeId: node_id,
      atMs: at_ms as WallMs,
      kind: kind as HistoryKind,
      source,
    }));
  }

  async addHeartbeats(counts: readonly HeartbeatCount[]): Promise<void> {
    await this.#try(this.#database.relaxed(async (transaction) => {
      await this.#database.serialize(transaction);
      const byNode = Map.groupBy(counts, ({ nodeId }) => nodeId);
      for (const ids of chunks([...byNode.keys()])) {
        const rows = await transaction.selectFrom("heartbeats").selectAll()
          .where("node_id", "in", ids).execute();
        const stored = new Map(rows.map((row) => [row.node_id, toSeries(row)]));
        const values = ids.map((id) => {
          const series = addCounts(stored.get(id) ?? null, byNode.get(id)!);
          return { node_id: id, bucket: series.newest, counts: JSON.stringify(series.counts) };
        });
        await transaction.insertInto("heartbeats").values(values).onConflict((conflict) =>
          conflict.column("node_id").doUpdateSet((excluded) => ({
            bucket: excluded.ref("excluded.bucket"),
            counts: excluded.ref("excluded.counts"),
          }))
        ).execute();
      }
    }));
  }

  async heartbeats(id: string): Promise<HeartbeatSeries | null> {
    const row = await this.#try(
      this.#db.selectFrom("heartbeats").selectAll().where("node_id", "=", id).executeTakeFirst(),
    );
    return row === undefined ? null : toSeries(row);
  }

  async tokens(): Promise<readonly StoredToken[]> {
    const rows = await this.#try(
      this.#db.selectFrom("tokens").selectAll().orderBy("created_at_ms").execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      scopes: row.scopes,
      hash: row.hash,
      createdAtMs: row.created_at_ms as WallMs,
      expiresAtMs: row.expires_at_ms as WallMs | null,
      revokedAtMs: row.revoked_at_ms as WallMs | null,
    }));
  }

  async addToken(token: StoredToken): Promise<void> {
    await this.#try(
      this.#db.insertInto("tokens").values({
        id: token.id,
        name: token.name,
        scopes: token.scopes,
        hash: token.hash,
        created_at_ms: token.createdAtMs,
        expires_at_ms: token.expiresAtMs,
        revoked_at_ms: token.revokedAtMs,
      }).execute(),
    );
  }

  async revokeToken(id: string, now: WallMs): Promise<boolean> {
    const { numUpdatedRows } = await this.#try(
      this.#db.updateTable("tokens").set({ revoked_at_ms: now })
        .where("id", "=", id).where("revoked_at_ms", "is", null).executeTakeFirst(),
    );
    return numUpdatedRows > 0n;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }

  async #nextVersion(transaction: Transaction<Schema>): Promise<number> {
    await this.#database.serialize(transaction);
    const { highest } = await transaction.selectFrom("nodes")
      .select(({ fn }) => fn.max("version").as("highest")).executeTakeFirstOrThrow();
    return (highest ?? 0) + 1;
  }

  async #try<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (thrown) {
      throw thrown instanceof PollenError ? thrown : this.#database.explain(thrown);
    }
  }
}

function* chunks<T>(items: readonly T[]): IterableIterator<T[]> {
  for (let at = 0; at < items.length; at += ROWS_PER_WRITE_MAX) {
    yield items.slice(at, at + ROWS_PER_WRITE_MAX);
  }
}
