// How two replicas find out over pollen/2 what the other one lacks: each says of every author how
// much it has, as the highest counter and a fingerprint of the events. Where both agree nothing is
// sent; where the other has exactly our log up to a counter, what is above; else the whole log.
//
// Unlike a clock of counters alone this finds gaps: events that got lost while later ones came.

import { sha256 } from "@noble/hashes/sha2.js";
import {
  type EventRecord,
  type EventRecords,
  type GossipEvent,
  type MembershipCert,
  type Position,
  Summary,
} from "../proto/mod.ts";
import { PEER_KEY_BYTES, type PeerKey, peerKeyBytes, peerKeyFromBytes } from "../types/mod.ts";
import type { Core } from "./core.ts";
import { type AuthorLog, FINGERPRINT_BYTES, type LogPosition } from "./core_log.ts";

/** Roughly what a certificate takes of a frame. */
const MEMBERSHIP_BYTES = 400;

/** All that is known, by author. */
export function summaryOf(core: Core): Summary {
  const positions: Position[] = [];
  for (const [peer, log] of core.logs()) {
    const { counter, fingerprint } = log.position!;
    const bytes = new Uint8Array(FINGERPRINT_BYTES);
    new DataView(bytes.buffer).setBigUint64(0, fingerprint);
    positions.push({ author: peerKeyBytes(peer), counter, fingerprint: bytes });
  }
  return { positions };
}

/** All that is known, in one hash. */
export function digestOf(core: Core): Uint8Array {
  return sha256(Summary.encode(summaryOf(core)));
}

/**
 * What somebody with this summary lacks, author by author until so many bytes are reached: first who
 * there is that he has not heard of, whom each reaches after that.
 */
export function missingRecords(
  core: Core,
  summary: Summary,
  { bytesMax }: { readonly bytesMax: number },
): EventRecords {
  const theirs = readPositions(summary);
  const records: EventRecord[] = [];
  const memberships: MembershipCert[] = [];
  let bytes = 0;
  const add = (lacking: readonly EventRecord[]) => {
    records.push(...lacking);
    bytes += lacking.reduce((sum, record) => sum + recordBytes(record), 0);
  };
  const vouch = (peer: PeerKey, log: AuthorLog) => {
    const cert = core.memberships.get(peer);
    if (cert === undefined || !log.isSigned) return;
    memberships.push(cert);
    bytes += MEMBERSHIP_BYTES;
  };
  const introduced = new Set<PeerKey>();
  for (const [peer, log] of core.logs()) {
    if (theirs.has(peer) || !log.isSigned || bytes >= bytesMax) continue;
    introduced.add(peer);
    vouch(peer, log);
    add(log.introduction());
  }
  for (const [peer, log] of core.logs()) {
    const their = theirs.get(peer);
    if (their !== undefined && isSame(their, log.position!)) continue;
    const isIntroduced = introduced.has(peer);
    const isPrefix = their !== undefined &&
      log.fingerprintUpTo(their.counter) === their.fingerprint;
    const lacking = isIntroduced
      ? log.reachability()
      : log.recordsAbove(isPrefix ? their.counter : 0n);
    if (lacking.length === 0) continue;
    if (bytes >= bytesMax) return { records, memberships, more: true };
    if (!isIntroduced && !isPrefix) vouch(peer, log);
    add(lacking);
  }
  return { records, memberships, more: false };
}

/** Those of the events that are in force, with the memberships of their authors. */
export function recordsOf(core: Core, events: readonly GossipEvent[]): EventRecords {
  const records = events.map((event) => core.recordOf(event))
    .filter((record) => record !== undefined);
  const authors = new Set(events.map(({ peerId }) => peerId as PeerKey));
  const memberships = [...authors].map((author) => core.memberships.get(author))
    .filter((cert) => cert !== undefined);
  return { records, memberships, more: false };
}

/** Whether somebody with this summary may have something that is lacking here. */
export function mayLack(core: Core, summary: Summary): boolean {
  const logs = new Map(core.logs());
  for (const [peer, their] of readPositions(summary)) {
    const log = logs.get(peer);
    if (log === undefined) {
      if (!core.isRevoked(peer)) return true;
      continue;
    }
    const isPrefix = their.counter <= log.position!.counter &&
      log.fingerprintUpTo(their.counter) === their.fingerprint;
    if (!isPrefix) return true;
  }
  return false;
}

/** Roughly what a record takes of a frame. */
export function recordBytes({ body }: EventRecord): number {
  return body?.kind === "signed" ? body.value.event.length + 80 : 256;
}

function readPositions({ positions }: Summary): Map<PeerKey, LogPosition> {
  const read = new Map<PeerKey, LogPosition>();
  for (const { author, counter, fingerprint } of positions) {
    if (author.length !== PEER_KEY_BYTES || fingerprint.length !== FINGERPRINT_BYTES) continue;
    const { buffer, byteOffset } = fingerprint;
    read.set(peerKeyFromBytes(author), {
      counter,
      fingerprint: new DataView(buffer, byteOffset).getBigUint64(0),
    });
  }
  return read;
}

function isSame(a: LogPosition, b: LogPosition): boolean {
  return a.counter === b.counter && a.fingerprint === b.fingerprint;
}
