// From what stands behind `--storage` to a storage.

import { type Disk, type Log, PollenError } from "../../types/mod.ts";
import { openDatabaseStorage } from "./database.ts";
import type { Storage } from "./storage.ts";

/** How to open a storage. */
export interface OpenStorageOptions {
  /** `sqlite:` and an absolute path, or `postgres://…`. */
  readonly address: string;
  /** Whether this process is a registry, and no command beside one. */
  readonly isExclusive: boolean;
  readonly disk: Disk;
  readonly log: Log;
}

/**
 * Opens what the address names, brought to the newest schema. Loads only that database's driver.
 *
 * @throws {PollenError} `invalid_argument` for an address of no kind that is known; otherwise as the
 *   database says.
 */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const { address, isExclusive, disk, log } = options;
  const path = /^sqlite:(\/.*[^/])$/s.exec(address)?.[1];
  if (path !== undefined) {
    const { openSqlite } = await import("./sqlite.ts");
    return await openDatabaseStorage(await openSqlite({ path, isExclusive, disk }));
  }
  if (/^postgres(ql)?:\/\//.test(address)) {
    const { openPostgres } = await import("./postgres.ts");
    return await openDatabaseStorage(openPostgres(address, log));
  }
  throw new PollenError("invalid_argument", "--storage names no storage that there is.", {
    fix: "Write sqlite:FILE, or postgres://USER:PASSWORD@HOST/DATABASE.",
  });
}
