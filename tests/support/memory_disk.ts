// A Disk in memory whose every step can be made to fail. It keeps apart what a process sees and
// what a power cut leaves: a file is durable once it is synced and so is its directory. Locks belong
// to the process, so they are gone after `afterKill` and `afterPowerLoss`.

import { type Disk, type DiskLock, PollenError } from "../../lib/types/mod.ts";

/** One step of an operation, reported before it is done. */
export interface DiskStep {
  readonly step:
    | "read"
    | "createTemporary"
    | "writeTemporary"
    | "syncTemporary"
    | "rename"
    | "syncDirectory"
    | "makeDirectory"
    | "list"
    | "remove"
    | "lock";
  /** The path that the caller gave. */
  readonly path: string;
}

/** The steps of `writeAtomic`, in their order. */
export const WRITE_STEPS = [
  "createTemporary",
  "writeTemporary",
  "syncTemporary",
  "rename",
  "syncDirectory",
] as const;

/** Thrown out of a step by `fault` to end the process there: nothing is cleaned up. */
export class ProcessKilled extends Error {
  override readonly name = "ProcessKilled";
}

interface MemoryFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mode: number;
}

export class MemoryDisk implements Disk {
  /** Called before each step; what it throws becomes the step's failure. */
  fault: (step: DiskStep) => void = () => {};
  /** Awaited before each step, so that a test can hold one up. */
  pause: (step: DiskStep) => Promise<void> | void = () => {};
  /** Decides before each write whether the disk is full. */
  isFull: (path: string) => boolean = () => false;
  /** Every step that was begun. */
  readonly steps: DiskStep[] = [];

  readonly #files = new Map<string, MemoryFile>();
  readonly #durable = new Map<string, MemoryFile>();
  readonly #directories = new Map<string, number>();
  readonly #locked = new Set<string>();

  async read(path: string, maxBytes: number): Promise<Uint8Array | null> {
    await this.#begin("read", path);
    const file = this.#files.get(path);
    if (file === undefined) return null;
    if (file.bytes.length > maxBytes) throw new PollenError("too_large", `${path} is too large.`);
    return file.bytes.slice();
  }

  async writeAtomic(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    const temporary = `${path}.tmp`;
    const file = { bytes: new Uint8Array(bytes), mode };
    try {
      await this.#begin("createTemporary", path);
      if (this.isFull(path)) {
        throw new PollenError("io", `${path} could not be written. Disk full.`);
      }
      this.#files.set(temporary, { bytes: new Uint8Array(), mode });
      // A write that is cut off has written a part.
      this.#files.set(temporary, { bytes: file.bytes.slice(0, bytes.length >> 1), mode });
      await this.#begin("writeTemporary", path);
      this.#files.set(temporary, file);
      await this.#begin("syncTemporary", path);
      await this.#begin("rename", path);
      this.#files.set(path, file);
      this.#files.delete(temporary);
      await this.#begin("syncDirectory", path);
      this.#durable.set(path, file);
    } catch (error) {
      if (!(error instanceof ProcessKilled)) this.#files.delete(temporary);
      throw error;
    }
  }

  async makeDirectory(path: string, mode: number): Promise<void> {
    await this.#begin("makeDirectory", path);
    const parts = path.split("/").filter((part) => part !== "");
    for (let count = 1; count <= parts.length; count++) {
      const directory = `/${parts.slice(0, count).join("/")}`;
      if (!this.#directories.has(directory)) this.#directories.set(directory, mode);
    }
  }

  async list(path: string): Promise<string[]> {
    await this.#begin("list", path);
    const prefix = `${path}/`;
    const names = [...this.#files.keys(), ...this.#directories.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length).split("/")[0]!);
    return [...new Set(names)].sort();
  }

  async remove(path: string): Promise<void> {
    await this.#begin("remove", path);
    this.#files.delete(path);
    this.#durable.delete(path);
  }

  async tryLock(path: string, mode: number): Promise<DiskLock | null> {
    await this.#begin("lock", path);
    if (this.#locked.has(path)) return null;
    if (!this.#files.has(path)) this.#files.set(path, { bytes: new Uint8Array(), mode });
    this.#locked.add(path);
    let isHeld = true;
    const release = () => {
      if (isHeld) this.#locked.delete(path);
      isHeld = false;
    };
    return { release, [Symbol.dispose]: release };
  }

  // --- for tests, without steps

  /** Puts a file there, durably. */
  put(path: string, content: string | Uint8Array, mode = 0o600): void {
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : new Uint8Array(content);
    this.#files.set(path, { bytes, mode });
    this.#durable.set(path, { bytes, mode });
  }

  /** A file's bytes as a process sees them; null when there is none. */
  bytes(path: string): Uint8Array<ArrayBuffer> | null {
    return this.#files.get(path)?.bytes.slice() ?? null;
  }

  /** A file's text as a process sees it; null when there is none. */
  text(path: string): string | null {
    const bytes = this.bytes(path);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  /** A file's or directory's mode; null when there is none. */
  mode(path: string): number | null {
    return this.#files.get(path)?.mode ?? this.#directories.get(path) ?? null;
  }

  /** Takes a file away, however that came about. */
  delete(path: string): void {
    this.#files.delete(path);
    this.#durable.delete(path);
  }

  /** Every path with its content in hexadecimal, to compare before and after. */
  snapshot(): Record<string, string> {
    return Object.fromEntries([...this.#files].map(([path, { bytes }]) => [path, bytes.toHex()]));
  }

  /** The files written to their end so far, in order. */
  get written(): string[] {
    return this.steps.filter(({ step }) => step === "rename").map(({ path }) => path);
  }

  /** Paths of all files, sorted. */
  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  isLocked(path: string): boolean {
    return this.#locked.has(path);
  }

  /** What the next process finds after this one was killed. */
  afterKill(): MemoryDisk {
    return this.#successor(this.#files);
  }

  /** What the next process finds after the machine lost power: only what was synced. */
  afterPowerLoss(): MemoryDisk {
    return this.#successor(this.#durable);
  }

  #successor(files: ReadonlyMap<string, MemoryFile>): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [path, { bytes, mode }] of files) disk.put(path, bytes, mode);
    for (const [path, mode] of this.#directories) disk.#directories.set(path, mode);
    return disk;
  }

  async #begin(step: DiskStep["step"], path: string): Promise<void> {
    this.steps.push({ step, path });
    await this.pause({ step, path });
    this.fault({ step, path });
  }
}
