// The port through which every file is read and written, so that a test can make any step of it
// fail. Its invariant: `writeAtomic` leaves either the old content or the new one, never a mixture,
// whatever happens in between.

/** An exclusive lock that ends with the process at the latest. */
export interface DiskLock extends Disposable {
  /** Gives the lock up. The file stays. Idempotent. */
  release(): void;
}

/** File access. Paths are absolute. Failures are PollenErrors that name the path: `permission_denied` or `io`. */
export interface Disk {
  /** The content, or null when there is no such file. Refuses files above `maxBytes` with `too_large`. */
  read(path: string, maxBytes: number): Promise<Uint8Array | null>;
  /** Temporary file beside it, mode set whatever the umask, fsync, rename, fsync of the directory. */
  writeAtomic(path: string, bytes: Uint8Array, mode: number): Promise<void>;
  /** Makes the directory and its parents; sets `mode` on what it made, leaves existing ones alone. */
  makeDirectory(path: string, mode: number): Promise<void>;
  /** Names in the directory, sorted; empty when there is no such directory. */
  list(path: string): Promise<string[]>;
  /** Removes a file; nothing happens when there is none. */
  remove(path: string): Promise<void>;
  /** Takes an exclusive lock on the file, creating it with `mode`; null when another process holds it. */
  tryLock(path: string, mode: number): Promise<DiskLock | null>;
}
