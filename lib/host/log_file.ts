// The log of a node that runs without a terminal: one file that is added to, and the one before it.
// Invariant: the two together stay below about twice the limit, however long the node runs.

import { toDiskError } from "./disk_errors.ts";
import { LOG_FILE_BYTES_MAX } from "../types/mod.ts";

const MODE = 0o600;

/** A file that log lines are added to. Writing is synchronous, so that a crash loses none. */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #bytesMax: number;
  #file: Deno.FsFile;
  #size: number;

  private constructor(path: string, bytesMax: number, file: Deno.FsFile) {
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#file = file;
    this.#size = file.statSync().size;
  }

  /**
   * Opens the file at its end, making it if there is none; one that is full is put aside first.
   *
   * @throws {PollenError} `permission_denied`, `io`.
   */
  static open(path: string, bytesMax: number = LOG_FILE_BYTES_MAX): LogFile {
    try {
      const log = new LogFile(path, bytesMax, openForAppending(path));
      if (log.#size >= bytesMax) log.#rotate();
      return log;
    } catch (thrown) {
      throw toDiskError(thrown, path, "written");
    }
  }

  /** Bytes in the file: where the next line begins. */
  get size(): number {
    return this.#size;
  }

  /** Adds whole lines. A full disk loses them: a node that cannot log goes on working. */
  write(lines: Uint8Array): void {
    try {
      if (this.#size > 0 && this.#size + lines.length > this.#bytesMax) this.#rotate();
      for (let at = 0; at < lines.length;) at += this.#file.writeSync(lines.subarray(at));
      this.#size += lines.length;
    } catch {
      // Nobody is left to be told.
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  /** The file becomes the old one, in place of the old one before it. */
  #rotate(): void {
    Deno.renameSync(this.#path, `${this.#path}.1`);
    const next = openForAppending(this.#path);
    this.#file.close();
    this.#file = next;
    this.#size = 0;
  }
}

function openForAppending(path: string): Deno.FsFile {
  return Deno.openSync(path, { append: true, create: true, mode: MODE });
}
