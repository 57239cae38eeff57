// A disk in memory whose next steps can be made to fail: what a test of anything that keeps files
// starts from.

import { type Disk, type DiskLock, PollenError } from "../../../lib/types/mod.ts";

export class MemoryDisk implements Disk {
  readonly files = new Map<string, { bytes: Uint8Array; mode: number }>();
  readonly directories = new Map<string, number>();
  readonly #locked = new Set<string>();
  /** Paths written so far, in order. */
  readonly written: string[] = [];
  /** Decides before each write whether the disk is full. */
  isFull: (path: string) => boolean = () => false;

  read(path: string, maxBytes: number): Promise<Uint8Array | null> {
    const file = this.files.get(path);
    if (file !== undefined && file.bytes.length > maxBytes) {
      return Promise.reject(new PollenError("too_large", `${path} is too large.`));
    }
    return Promise.resolve(file === undefined ? null : file.bytes.slice());
  }

  async writeAtomic(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    await Promise.resolve(); // Gives others a turn, as a real disk does.
    if (this.isFull(path)) throw new PollenError("io", `${path} could not be written. Disk full.`);
    this.files.set(path, { bytes: bytes.slice(), mode });
    this.written.push(path);
  }

  makeDirectory(path: string, mode: number): Promise<void> {
    if (!this.directories.has(path)) this.directories.set(path, mode);
    return Promise.resolve();
  }

  list(path: string): Promise<string[]> {
    const prefix = `${path}/`;
    const names = [...this.files.keys()].filter((file) => file.startsWith(prefix))
      .map((file) => file.slice(prefix.length).split("/")[0]!);
    return Promise.resolve([...new Set(names)].sort());
  }

  remove(path: string): Promise<void> {
    this.files.delete(path);
    return Promise.resolve();
  }

  tryLock(path: string): Promise<DiskLock | null> {
    if (this.#locked.has(path)) return Promise.resolve(null);
    this.#locked.add(path);
    const release = () => void this.#locked.delete(path);
    return Promise.resolve({ release, [Symbol.dispose]: release });
  }

  /** The file as text; fails when there is none. */
  text(path: string): string {
    return new TextDecoder().decode(this.files.get(path)!.bytes);
  }

  /** Puts a text file there, however it came about. */
  put(path: string, content: string | Uint8Array): void {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    this.files.set(path, { bytes, mode: 0o600 });
  }

  /** Every path with its content in hexadecimal, to compare before and after. */
  snapshot(): Record<string, string> {
    return Object.fromEntries([...this.files].map(([path, { bytes }]) => [path, bytes.toHex()]));
  }
}
