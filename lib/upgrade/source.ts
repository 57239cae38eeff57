// Where a release lies: a folder, or an address on the web. Both are asked for files by name and
// believed in nothing: what they give is judged by its signature.

import { errorText, PollenError } from "../types/mod.ts";

/** Gives the files of one release. */
export interface Source {
  /** How a person named it. */
  readonly shown: string;
  /**
   * The content of one of its files.
   *
   * @throws {PollenError} `not_found`, `permission_denied`, `io`, `unreachable`.
   */
  open(name: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/**
 * The source that `from` names: an `http:` or `https:` address of a folder, or a folder here.
 *
 * @throws {PollenError} `invalid_argument` when it is neither.
 */
export function openSource(from: string): Source {
  if (/^https?:\/\//.test(from)) {
    if (URL.canParse(from)) return new WebSource(from);
  } else if (from !== "" && !/^[a-z][a-z0-9+.-]+:\/\//i.test(from)) {
    return new FolderSource(from);
  }
  throw new PollenError("invalid_argument", `"${from}" is neither a folder nor a web address.`, {
    fix: "Name the folder of a release, or its https:// address.",
  });
}

/** Reads a small file whole. @throws {PollenError} `too_large`; what `open` throws. */
export async function readSmall(
  source: Source,
  name: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of await source.open(name, signal)) {
    length += chunk.length;
    if (length > bytesMax) {
      throw new PollenError("too_large", `${name} of ${source.shown} is too long.`);
    }
    chunks.push(chunk.slice());
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

class FolderSource implements Source {
  constructor(readonly shown: string) {}

  async open(name: string, _signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const path = `${this.shown}/${name}`;
    try {
      return (await Deno.open(path)).readable;
    } catch (thrown) {
      if (thrown instanceof Deno.errors.NotFound) {
        throw new PollenError("not_found", `There is no ${name} in ${this.shown}.`, {
          fix: "Name the folder that holds a release's SHA256SUMS and its files.",
        });
      }
      if (thrown instanceof Deno.errors.PermissionDenied) {
        throw new PollenError("permission_denied", `This user may not read ${path}.`);
      }
      throw new PollenError("io", `${path} cannot be read: ${errorText(thrown)}.`);
    }
  }
}

class WebSource implements Source {
  constructor(readonly shown: string) {}

  async open(name: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const url = `${this.shown.replace(/\/+$/, "")}/${encodeURIComponent(name)}`;
    let response: Response;
    try {
      response = await fetch(url, { signal });
    } catch (thrown) {
      signal.throwIfAborted();
      throw new PollenError("unreachable", `${url} cannot be fetched: ${errorText(thrown)}.`);
    }
    if (response.ok && response.body !== null) return response.body;
    await response.body?.cancel();
    throw new PollenError("not_found", `${url} answers ${response.status}.`, {
      fix: "Name the address of the folder that holds a release's SHA256SUMS and its files.",
    });
  }
}
