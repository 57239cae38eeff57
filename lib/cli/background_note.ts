// What the state folder remembers of a node that was started in the background, so that it can be
// started again in the same way: its process and its flags. A node in the foreground has no note, or
// one whose process is another.

import { systemDisk } from "../host/mod.ts";
import { BACKGROUND_NOTE_BYTES_MAX } from "../types/mod.ts";

/** The note's file in the state folder. */
export const BACKGROUND_FILE = "background.json";
const FILE_MODE = 0o600;

/** A node in the background. */
export interface BackgroundNote {
  readonly pid: number;
  /** Flags of `up` that it was started with. */
  readonly flags: readonly string[];
}

/** Remembers the node that was just started. @throws {PollenError} `permission_denied`, `io`. */
export async function noteBackground(dir: string, note: BackgroundNote): Promise<void> {
  await systemDisk.writeAtomic(`${dir}/${BACKGROUND_FILE}`, encodeBackgroundNote(note), FILE_MODE);
}

/** The note, if there is one that can be read. */
export async function readBackgroundNote(dir: string): Promise<BackgroundNote | null> {
  const bytes = await systemDisk.read(`${dir}/${BACKGROUND_FILE}`, BACKGROUND_NOTE_BYTES_MAX);
  return bytes === null ? null : decodeBackgroundNote(bytes);
}

/** The note as the bytes of its file. */
export function encodeBackgroundNote(note: BackgroundNote): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(note)}\n`);
}

/** What the bytes of the file say; null when they are no note. */
export function decodeBackgroundNote(bytes: Uint8Array): BackgroundNote | null {
  try {
    const { pid, flags } = JSON.parse(new TextDecoder().decode(bytes));
    const isGood = Number.isInteger(pid) && pid > 0 && Array.isArray(flags) &&
      flags.every((flag) => typeof flag === "string");
    return isGood ? { pid, flags } : null;
  } catch {
    return null;
  }
}

/** Whether the process of a note still runs. */
export function isAlive({ pid }: BackgroundNote): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
}
