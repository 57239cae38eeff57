// The state file and its lock. At most one process works on a folder; a write leaves the old
// content or the new one; two writes of one process never overlap.

import {
  type Disk,
  type DiskLock,
  type ErrorCode,
  type PeerKey,
  PollenError,
  shortPeerKey,
  STATE_FILE_BYTES_MAX,
} from "../types/mod.ts";
import { type ReadSnapshot, readSnapshot } from "./snapshot.ts";

const STATE_FILE = "state.yaml";
const LOCK_FILE = ".state.lock";

/** Readable for the group that may use the daemon. */
const STATE_FILE_MODE = 0o640;
const LOCK_FILE_MODE = 0o600;

/**
 * Takes the lock of a folder, for a process that works on it alone.
 *
 * @throws {PollenError} `failed_precondition` when another process holds it; what the disk throws.
 */
export async function lockFolder(disk: Disk, dir: string): Promise<DiskLock> {
  const lock = await disk.tryLock(`${dir}/${LOCK_FILE}`, LOCK_FILE_MODE);
  if (lock !== null) return lock;
  throw new PollenError("failed_precondition", `Another pollen runs on this folder (${dir}).`, {
    fix: "Stop it with `pollen down`, or choose another folder with --dir.",
  });
}

export class StateFile implements AsyncDisposable {
  readonly path: string;
  readonly #disk: Disk;
  readonly #lock: DiskLock;
  #isDirty = true;
  #isClosed = false;
  /** Settles when no save runs; never rejects. */
  #saving: Promise<void> = Promise.resolve();

  private constructor(disk: Disk, path: string, lock: DiskLock) {
    this.#disk = disk;
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Takes the lock of a folder.
   *
   * @throws {PollenError} `failed_precondition` when another process holds it; what the disk throws.
   */
  static async open(disk: Disk, dir: string): Promise<StateFile> {
    return new StateFile(disk, `${dir}/${STATE_FILE}`, await lockFolder(disk, dir));
  }

  /**
   * The content; null when there is no file yet.
   *
   * @throws {PollenError} `malformed`, `unsupported` when a newer version wrote it,
   *   `failed_precondition` when it belongs to another node, `too_large`; what the disk throws.
   */
  async read(local: PeerKey): Promise<ReadSnapshot | null> {
    const bytes = await this.#disk.read(this.path, STATE_FILE_BYTES_MAX);
    if (bytes === null) return null;
    try {
      return readSnapshot(local, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (cause) {
      const isOurs = cause instanceof PollenError;
      const code = isOurs ? cause.code : "malformed";
      const reason = isOurs ? cause.message : "It is not text.";
      throw new PollenError(
        code,
        `The state file ${this.path} cannot be used. ${reason}`,
        { fix: fixFor(code, local), cause },
      );
    }
  }

  /** Whether something changed since the last save began. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** There is something to save. */
  markDirty(): void {
    this.#isDirty = true;
  }

  /**
   * Replaces the content with what `render` gives once it is this save's turn, unless an earlier one
   * saved everything. After a failure there is still something to save and the file is as it was.
   *
   * @throws {PollenError} `closed` after `close`; what the disk throws.
   */
  save(render: () => string): Promise<void> {
    if (this.#isClosed) return Promise.reject(new PollenError("closed", "The store is closed."));
    const saving = this.#saving.then(async () => {
      if (!this.#isDirty) return;
      this.#isDirty = false;
      try {
        const bytes = new TextEncoder().encode(render());
        await this.#disk.writeAtomic(this.path, bytes, STATE_FILE_MODE);
      } catch (error) {
        this.#isDirty = true;
        throw error;
      }
    });
    this.#saving = saving.catch(() => {});
    return saving;
  }

  /** Waits for a save that runs, then gives the lock up. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#saving;
    this.#lock.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What to do with a file that cannot be used. */
function fixFor(code: ErrorCode, local: PeerKey): string {
  const without = "the node then learns anew what other nodes tell it, and its own services and " +
    "connections must be set up again.";
  switch (code) {
    case "failed_precondition":
      return "Put back the keys of the node it belongs to, or move it away to start without it as " +
        `${shortPeerKey(local)}.`;
    case "unsupported":
      return `Run the newer version again, or move the file away to stay with this one: ${without}`;
    default:
      return `Repair it, or move it away: ${without}`;
  }
}
