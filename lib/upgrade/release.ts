// A release: a list of files with their checksums, signed by the project's key. The signature is
// verified before a word of the list is believed, the checksum before a byte of a file is run.

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { PollenError, RELEASE_LIST_BYTES_MAX, RELEASE_SIGNATURE_BYTES_MAX } from "../types/mod.ts";
import { readSmall, type Source } from "./source.ts";

const LIST = "SHA256SUMS";
const SIGNATURE = "SHA256SUMS.sig";

/** One file of a release. */
export interface ReleaseFile {
  readonly name: string;
  /** Its SHA-256, 64 hexadecimal characters. */
  readonly sha256: string;
}

/** A release whose signature is right. */
export interface Release {
  readonly source: Source;
  /** `MAJOR.MINOR.PATCH`, perhaps with `-PRERELEASE`. */
  readonly version: string;
  /** The program for one platform. */
  readonly file: ReleaseFile;
}

/**
 * Reads and verifies the release at a source and finds the program for a platform in it.
 *
 * @param key The public key (PEM) that must have signed it.
 * @throws {PollenError} `unauthenticated` when the signature is wrong, `malformed` for a list that is
 *   none, `not_found` without a program for the platform; what the source throws.
 */
export async function readRelease(
  source: Source,
  key: string,
  platform: string,
  signal: AbortSignal,
): Promise<Release> {
  const list = await readSmall(source, LIST, RELEASE_LIST_BYTES_MAX, signal);
  const signature = await readSmall(source, SIGNATURE, RELEASE_SIGNATURE_BYTES_MAX, signal);
  if (!verify(null, list, parseKey(key), signature)) {
    throw new PollenError(
      "unauthenticated",
      `The signature of the release at ${source.shown} is wrong: it was not made with the ` +
        "project's key, or the release was altered on the way.",
      { fix: "Get the release again from where the project publishes it." },
    );
  }
  const { version, file } = findProgram(parseList(list, source), platform, source);
  return { source, version, file };
}

/** The name of a platform in the names of a release's files, such as `linux-x64`. */
export function releasePlatform(build: { readonly os: string; readonly arch: string }): string {
  const os = build.os === "darwin" ? "macos" : build.os;
  const arch = { x86_64: "x64", aarch64: "arm64" }[build.arch] ?? build.arch;
  return `${os}-${arch}`;
}

function parseKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // It is no key at all.
  }
  throw new PollenError("invalid_argument", "The release key is no Ed25519 public key in PEM.");
}

function parseList(bytes: Uint8Array, source: Source): ReleaseFile[] {
  const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
  return lines.map((line) => {
    const match = /^([0-9a-f]{64}) {2}([0-9A-Za-z][0-9A-Za-z._+~-]{0,127})$/.exec(line);
    if (match === null) {
      throw new PollenError("malformed", `${LIST} of ${source.shown} holds a line that is none.`);
    }
    return { sha256: match[1]!, name: match[2]! };
  });
}

function findProgram(
  files: readonly ReleaseFile[],
  platform: string,
  source: Source,
): { version: string; file: ReleaseFile } {
  const found = files.flatMap((file) => {
    const match = /^pollen-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)-([a-z]+-[a-z0-9]+)(?:\.exe)?$/
      .exec(file.name);
    return match?.[2] === platform ? [{ version: match[1]!, file }] : [];
  });
  const [only, another] = found;
  if (only === undefined || another !== undefined) {
    const count = only === undefined ? "no file" : "several files";
    throw new PollenError(
      "not_found",
      `The release at ${source.shown} has ${count} for ${platform}.`,
    );
  }
  return only;
}
