// A file system that knows what is durable (model_nodes.ts) and crashes when it is told to: before,
// during or after any call. Every call of the crashed process then waits for ever, as its code would
// have stopped.

import type { FileSystem, OpenFile } from "../../lib/host/mod.ts";
import {
  type CrashKind,
  type DirectoryNode,
  type Draw,
  type FileNode,
  newDirectory,
  type Node,
  survivor,
} from "./model_nodes.ts";

/** What a full or broken disk says, with the names that errno(3) has. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export class ModelFiles implements FileSystem {
  /** Calls so far. */
  calls = 0;
  /** Calls that changed something, as `rename /state/state.yaml`. */
  readonly changes: string[] = [];
  /** Fails the calls that change something, while it gives an error. */
  fault: (call: string, path: string) => Error | null = () => null;
  readonly #draw: Draw;
  #root: DirectoryNode = newDirectory();
  #crashAt = Infinity;
  readonly #crashed = Promise.withResolvers<void>();
  #hasCrashed = false;

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  /** Ends the process at the call of this number from now: 1 is the next one. */
  crashAfter(calls: number): void {
    this.#crashAt = this.calls + calls;
  }

  /** Resolves when the process has crashed. */
  get crashed(): Promise<void> {
    return this.#crashed.promise;
  }

  get hasCrashed(): boolean {
    return this.#hasCrashed;
  }

  /** Ends the process now. */
  crash(): void {
    this.#hasCrashed = true;
    this.#crashed.resolve();
  }

  /** What the next process finds. This one must have crashed. */
  successor(kind: CrashKind): ModelFiles {
    const next = new ModelFiles(this.#draw);
    next.#root = survivor(this.#root, kind, this.#draw);
    return next;
  }

  /** Every path of a file with its bytes, for a failure's report. */
  dump(directory: DirectoryNode = this.#root, path = ""): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [name, node] of directory.names) {
      const at = `${path}/${name}`;
      if (node.kind === "directory") Object.assign(found, this.dump(node, at));
      else found[at] = new TextDecoder().decode(node.bytes);
    }
    return found;
  }

  // --- the calls

  async open(path: string, options: Deno.OpenOptions): Promise<OpenFile> {
    const { createNew = false } = options;
    if (!createNew) {
      await this.#call();
      const node = this.#find(path);
      if (node === undefined) throw new Deno.errors.NotFound(path);
      return this.#handle(path, node);
    }
    const node: FileNode = {
      kind: "file",
      bytes: new Uint8Array(),
      durable: new Uint8Array(),
      isLocked: false,
      mtime: new Date(0),
    };
    await this.#change("create", path, () => {
      const { directory, name } = this.#place(path);
      if (directory.names.has(name)) throw new Deno.errors.AlreadyExists(path);
      this.#name(directory, name, node);
    });
    return this.#handle(path, node);
  }

  async stat(path: string) {
    await this.#call();
    const node = this.#find(path);
    if (node === undefined) throw new Deno.errors.NotFound(path);
    const isFile = node.kind === "file";
    return { isFile, isDirectory: !isFile, mtime: isFile ? node.mtime : null };
  }

  async chmod(path: string, _mode: number): Promise<void> {
    await this.#call();
    if (this.#find(path) === undefined) throw new Deno.errors.NotFound(path);
  }

  async mkdir(path: string): Promise<void> {
    await this.#change("mkdir", path, () => {
      const { directory, name } = this.#place(path);
      if (directory.names.has(name)) throw new Deno.errors.AlreadyExists(path);
      this.#name(directory, name, newDirectory());
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#change("rename", to, () => {
      const [source, target] = [this.#place(from), this.#place(to)];
      const node = source.directory.names.get(source.name);
      if (node === undefined) throw new Deno.errors.NotFound(from);
      this.#name(target.directory, target.name, node);
      this.#name(source.directory, source.name, null);
    });
  }

  async remove(path: string): Promise<void> {
    await this.#change("remove", path, () => {
      const { directory, name } = this.#place(path);
      if (!directory.names.has(name)) throw new Deno.errors.NotFound(path);
      this.#name(directory, name, null);
    });
  }

  async *readDir(path: string): AsyncGenerator<{ name: string }> {
    await this.#call();
    const node = this.#find(path);
    if (node?.kind !== "directory") throw new Deno.errors.NotFound(path);
    for (const name of [...node.names.keys()]) yield { name };
  }

  // --- inside

  #handle(path: string, node: Node): OpenFile {
    let position = 0;
    let isOpen = true;
    const close = () => {
      if (isOpen && node.kind === "file" && holds) node.isLocked = false;
      isOpen = false;
    };
    let holds = false;
    const file = () => {
      if (node.kind !== "file") throw systemError("EISDIR");
      return node;
    };
    return {
      close,
      [Symbol.dispose]: close,
      stat: async () => {
        await this.#call();
        return { size: file().bytes.length };
      },
      read: async (buffer) => {
        await this.#call();
        const part = file().bytes.subarray(position, position + buffer.length);
        buffer.set(part);
        position += part.length;
        return part.length === 0 ? null : part.length;
      },
      write: async (bytes) => {
        // Short writes are as good as whole ones.
        const wanted = bytes.slice(0, 1 + this.#draw(bytes.length));
        let written = wanted.length;
        await this.#change("write", path, (isTorn) => {
          if (isTorn) written = this.#draw(wanted.length + 1);
          const { bytes: before } = file();
          const after = new Uint8Array(Math.max(before.length, position + written));
          after.set(before);
          after.set(wanted.subarray(0, written), position);
          file().bytes = after;
        });
        position += written;
        return written;
      },
      sync: async () => {
        await this.#change("sync", path, () => {
          if (node.kind === "file") node.durable = node.bytes.slice();
          else {
            node.durable.clear();
            for (const [name, at] of node.names) node.durable.set(name, at);
            node.unsynced = [];
          }
        });
      },
      tryLock: async () => {
        await this.#call();
        if (file().isLocked) return false;
        file().isLocked = true;
        holds = true;
        return true;
      },
    };
  }

  /** Counts a call that changes nothing, and ends the process if it is its turn. */
  async #call(): Promise<void> {
    await Promise.resolve();
    this.calls++;
    if (this.calls >= this.#crashAt) this.crash();
    if (this.#hasCrashed) await new Promise<never>(() => {});
  }

  /** Makes a change; a crash in it may leave it undone, done, or half done. */
  async #change(call: string, path: string, make: (isTorn: boolean) => void): Promise<void> {
    await Promise.resolve();
    if (!this.#hasCrashed) {
      this.calls++;
      const fault = this.fault(call, path);
      if (fault !== null) throw fault;
      const isLast = this.calls >= this.#crashAt;
      const how = isLast ? this.#draw(3) : 1;
      this.changes.push(`${call} ${path}${isLast ? ["", " done", " torn"][how] : ""}`);
      // Only what moves bytes can be half done.
      if (how === 1 || how === 2 && call === "write") make(how === 2);
      if (isLast) this.crash();
    }
    if (this.#hasCrashed) await new Promise<never>(() => {});
  }

  #place(path: string): { directory: DirectoryNode; name: string } {
    const at = path.lastIndexOf("/");
    const directory = this.#find(path.slice(0, at));
    if (directory?.kind !== "directory") throw new Deno.errors.NotFound(path);
    return { directory, name: path.slice(at + 1) };
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      node = node?.kind === "directory" ? node.names.get(name) : undefined;
    }
    return node;
  }

  #name(directory: DirectoryNode, name: string, node: Node | null): void {
    if (node === null) directory.names.delete(name);
    else directory.names.set(name, node);
    directory.unsynced.push({ name, node });
  }
}
