// A database in a file of this machine, by the SQLite that the runtime brings along. One registry at
// a time works on its nodes, held by a lock; commands may look at the tokens meanwhile.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely, sql, SqliteDialect } from "kysely";
import { type Disk, PollenError } from "../../types/mod.ts";
import type { Database } from "./database.ts";
import type { Schema } from "./schema.ts";

/** Milliseconds that a statement waits for a command that writes a token. */
const BUSY_TIMEOUT_MS = 2_000;
const LOCK_MODE = 0o600;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** How to open the file. */
export interface SqliteOptions {
  /** Absolute. Its folder is made if there is none. */
  readonly path: string;
  /** Whether to hold the nodes for this process alone, as a registry does and a command does not. */
  readonly isExclusive: boolean;
  readonly disk: Disk;
}

/**
 * Opens the file, making it if there is none.
 *
 * @throws {PollenError} `failed_precondition` when another registry works on it, `malformed` when it
 *   is no database, `io`, `permission_denied`.
 */
export async function openSqlite({ path, isExclusive, disk }: SqliteOptions): Promise<Database> {
  await disk.makeDirectory(path.slice(0, path.lastIndexOf("/")) || "/", DIRECTORY_MODE);
  const lock = isExclusive ? await disk.tryLock(`${path}.lock`, LOCK_MODE) : null;
  if (isExclusive && lock === null) {
    throw new PollenError("failed_precondition", `Another registry works on ${path}.`, {
      fix: "Stop it, or keep this one's nodes elsewhere: --storage sqlite:FILE",
    });
  }
  try {
    const db = openFile(path);
    const dialect = new SqliteDialect({ database: adapt(db) });
    const kysely = new Kysely<Schema>({ dialect });
    return {
      name: `sqlite:${path}`,
      isShared: false,
      kysely,
      serialize: () => Promise.resolve(),
      touchRows: (json) =>
        sql`(select value ->> 'id' as id, value ->> 'seen' as seen from json_each(${json}))`,
      relaxed: (work) =>
        // The connection is held for all of it: no other transaction becomes a relaxed one.
        kysely.connection().execute(async (connection) => {
          db.exec("pragma synchronous = normal");
          try {
            await connection.transaction().execute(work);
          } finally {
            db.exec("pragma synchronous = full");
          }
        }),
      explain: (thrown) => explain(thrown, path),
      async [Symbol.asyncDispose]() {
        await kysely.destroy();
        if (db.isOpen) db.close();
        lock?.release();
      },
    };
  } catch (thrown) {
    lock?.release();
    throw explain(thrown, path);
  }
}

function openFile(path: string): DatabaseSync {
  // Made beforehand, because SQLite would make it readable by everybody.
  Deno.openSync(path, { write: true, create: true, mode: FILE_MODE }).close();
  const db = new DatabaseSync(path);
  try {
    db.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    db.exec("pragma journal_mode = wal");
    // What is confirmed is on disk, whatever happens to the machine.
    db.exec("pragma synchronous = full");
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** The runtime's SQLite as the query builder wants it. */
function adapt(db: DatabaseSync) {
  return {
    close: () => db.close(),
    prepare(text: string) {
      const statement = db.prepare(text);
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
        run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
      };
    },
  };
}

/** SQLite's result codes (https://sqlite.org/rescode.html), as far as they mean different things to a person. */
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function explain(thrown: unknown, path: string): PollenError {
  if (thrown instanceof PollenError) return thrown;
  const code = (thrown as { errcode?: number }).errcode ?? 0;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const details = { path };
  switch (code & 0xff) {
    case SQLITE_BUSY:
      return new PollenError("unavailable", `${path} is in use by another program.`, {
        fix: "Try again once it has ended.",
        cause: thrown,
        details,
      });
    case SQLITE_FULL:
      return new PollenError("io", `${path} cannot grow. The disk is full.`, {
        fix: "Make room on it.",
        cause: thrown,
        details,
      });
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new PollenError("malformed", `${path} is not a database, or is damaged.`, {
        fix: "Move it away to begin with an empty one, or restore it from a copy.",
        cause: thrown,
        details,
      });
    default:
      return new PollenError("io", `${path} cannot be used: ${text}.`, { cause: thrown, details });
  }
}
