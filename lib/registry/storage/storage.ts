// The port behind which nodes and tokens outlive the process. The registry decides in memory and
// hands over what is to last; what `write` has confirmed is on disk.

import type { HeartbeatCount, HeartbeatSeries } from "../core/heartbeats.ts";
import type { NodeRecord } from "../core/record.ts";
import type { WallMs } from "../../types/mod.ts";

/** One line of a node's history. */
export interface HistoryEntry {
  readonly nodeId: string;
  readonly atMs: WallMs;
  readonly kind: HistoryKind;
  /** The address that it registered from; empty where nothing came from the node. */
  readonly source: string;
}

/** What a history tells: coming and going, not each new fact. */
export type HistoryKind = "registered" | "moved" | "offline" | "unregistered";

/** A token as it is stored: nothing in it lets anybody in. */
export interface StoredToken {
  /** The public part of the token, by which it is found. */
  readonly id: string;
  readonly name: string;
  /** Words between spaces. */
  readonly scopes: string;
  /** SHA-256 of the secret part, hexadecimal. */
  readonly hash: string;
  readonly createdAtMs: WallMs;
  readonly expiresAtMs: WallMs | null;
  readonly revokedAtMs: WallMs | null;
}

/** What is to last, all of it or nothing. */
export interface Batch {
  readonly records: readonly NodeRecord[];
  readonly forgotten: readonly string[];
  readonly history: readonly HistoryEntry[];
  /** The moment of it all. */
  readonly now: WallMs;
}

/** A sign of life. */
export interface Touch {
  readonly id: string;
  readonly lastSeenMs: WallMs;
}

/** What other instances have stored meanwhile. */
export interface News {
  readonly records: readonly NodeRecord[];
  readonly forgotten: readonly string[];
}

/** Where nodes and tokens are kept. Failures are PollenErrors: `unavailable`, or `io` for the disk. */
export interface Storage extends AsyncDisposable {
  /** For people: a path, or a database without its password. */
  readonly name: string;
  /** Whether other instances work on the same nodes, so that what they store is to be asked for. */
  readonly isShared: boolean;
  /** Everything that is remembered. Once, before anything else. */
  load(): Promise<readonly NodeRecord[]>;
  /** What others have stored since `load` or the last call. */
  news(): Promise<News>;
  /** Stores it for good. A node that was seen later than the record says keeps what is stored. */
  write(batch: Batch): Promise<void>;
  /** Stores signs of life, without waiting for the disk. */
  touch(touches: readonly Touch[]): Promise<void>;
  /** Drops what went before that moment. */
  cleanUp(before: WallMs, now: WallMs): Promise<void>;
  /** The newest entries of a node's history, newest first. */
  history(id: string, limit: number): Promise<readonly HistoryEntry[]>;
  /** Adds heartbeats to what is stored of their nodes, without waiting for the disk. */
  addHeartbeats(counts: readonly HeartbeatCount[]): Promise<void>;
  /** How often a node was heard, as far as it was written; null where nothing was. */
  heartbeats(id: string): Promise<HeartbeatSeries | null>;
  /** All tokens, revoked and expired ones included. */
  tokens(): Promise<readonly StoredToken[]>;
  addToken(token: StoredToken): Promise<void>;
  /** False when there is no such token in force. */
  revokeToken(id: string, now: WallMs): Promise<boolean>;
}
