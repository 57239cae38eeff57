// A PostgreSQL that several registries may share. Then the database is the truth: each instance asks
// it for news before it answers.

// @ts-types="@types/pg"
import pg from "pg";
import { Kysely, PostgresDialect, sql } from "kysely";
import { errorText, type Log, PollenError } from "../../types/mod.ts";
import type { Database } from "./database.ts";
import type { Schema } from "./schema.ts";

/** Connections of one instance: one writes, one asks for news, and tokens and histories are rare. */
const CONNECTIONS_MAX = 4;

/** Until a database that does not answer counts as gone, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 10_000;

/** The lock that writers of nodes take in turn; the number is ours among all advisory locks. */
const WRITERS_LOCK = 0x706f6c6c;

/**
 * Opens a pool of connections; none is made before the first query.
 *
 * @throws {PollenError} `invalid_argument` for an address that is none.
 */
export function openPostgres(address: string, log: Log): Database {
  const name = withoutPassword(address);
  const types = new pg.TypeOverrides();
  // Moments and versions fit a number; the driver would give text.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({
    connectionString: address,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    application_name: "pollen registry",
    types,
  });
  // A connection that breaks while it rests: the next query makes another one.
  pool.on("error", (thrown) => {
    log.debug("a connection to the database broke", { error: errorText(thrown) });
  });
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  return {
    name,
    isShared: true,
    kysely,
    async serialize(transaction) {
      await sql`select pg_advisory_xact_lock(${sql.lit(WRITERS_LOCK)})`.execute(transaction);
    },
    touchRows: (json) =>
      sql`(select id, seen from jsonb_to_recordset(${json}::jsonb) as t(id text, seen bigint))`,
    relaxed: (work) =>
      kysely.transaction().execute(async (transaction) => {
        await sql`set local synchronous_commit = off`.execute(transaction);
        await work(transaction);
      }),
    explain: (thrown) => explain(thrown, name),
    [Symbol.asyncDispose]: () => kysely.destroy(),
  };
}

function withoutPassword(address: string): string {
  try {
    const url = new URL(address);
    return `postgres://${url.username === "" ? "" : `${url.username}@`}${url.host}${url.pathname}`;
  } catch {
    throw new PollenError("invalid_argument", "This is not the address of a PostgreSQL database.", {
      fix: "Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
    });
  }
}

/** Classes of SQLSTATE (PostgreSQL's manual, appendix A) that mean wrong words rather than trouble. */
const REFUSALS: Readonly<Record<string, string>> = {
  "28": "it does not let this user in",
  "3D": "there is no such database",
  "42": "it does not allow this user what a registry needs",
};

function explain(thrown: unknown, name: string): PollenError {
  if (thrown instanceof PollenError) return thrown;
  const code = (thrown as { code?: unknown }).code;
  const refusal = typeof code === "string" ? REFUSALS[code.slice(0, 2)] : undefined;
  const why = refusal === undefined ? "it does not answer" : refusal;
  return new PollenError("unavailable", `The database ${name} cannot be used: ${why}.`, {
    fix: refusal === undefined
      ? "It is tried again; see that it runs and can be reached."
      : "Correct the address or the database's rights.",
    cause: thrown,
    details: { reason: errorText(thrown).slice(0, 300) },
  });
}
