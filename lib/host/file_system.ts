// What the disk needs of the operating system: a handful of calls, so that a test can put a file
// system in their place that loses power between any two of them. `Deno` is the real one.

/** An open file or directory. */
export type OpenFile =
  & Pick<Deno.FsFile, "read" | "write" | "sync" | "tryLock" | "close">
  & Disposable
  & { stat(): Promise<{ readonly size: number }> };

/** The calls, as `Deno` has them. */
export interface FileSystem {
  open(path: string, options: Deno.OpenOptions): Promise<OpenFile>;
  stat(path: string): Promise<{
    readonly isFile: boolean;
    readonly isDirectory: boolean;
    readonly mtime: Date | null;
  }>;
  chmod(path: string, mode: number): Promise<void>;
  mkdir(path: string, options: { readonly mode: number }): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  readDir(path: string): AsyncIterable<{ readonly name: string }>;
}
