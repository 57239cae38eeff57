// What the authors of a run really said, and what no replica may ever hold against it. Looked at
// after every event, at the node to which it happened.

import { equal, ok } from "node:assert/strict";
import { Envelope, type EventRecord, GossipEvent } from "../../lib/proto/mod.ts";
import { attributeKey } from "../../lib/store/core_attribute.ts";
import { decodeMemberEvent } from "../../lib/store/core_signed.ts";
import {
  CARRIED_FLOWS_MAX,
  DATAGRAM_BYTES_MAX,
  type Log,
  type PeerKey,
  silentLog,
} from "../../lib/types/mod.ts";
import type { Life, Machine } from "./machine.ts";

/** More than all ways to all peers at once. */
const DIALS_MAX = 64 * 16;

/** What a node holds of an attribute. */
interface Held {
  readonly counter: bigint;
  readonly deleted: boolean;
}

interface HeldAuthor {
  isSigned: boolean;
  attributes: Map<string, Held>;
}

/** What was seen at a node since it was started. */
interface Seen {
  digest: string;
  readonly authors: Map<PeerKey, HeldAuthor>;
  readonly revoked: Set<PeerKey>;
}

interface Read {
  readonly event: GossipEvent;
  readonly key: string;
  readonly content: string;
  readonly isSigned: boolean;
}

export class Truth {
  /**
   * By author and counter: what it stands for. That is one thing, unless a liar made the author count
   * on from afar shortly before a crash: then the author speaks again as soon as he hears of both.
   */
  readonly #said = new Map<PeerKey, Map<bigint, Set<string>>>();
  readonly #seen = new WeakMap<Life, Seen>();
  readonly #read = new WeakMap<object, Read>();
  /** Whoever may say anything about itself, and makes up what others say. */
  readonly hostile = new Set<PeerKey>();
  /** Revocations that were acknowledged: no restart may forget them at this node. */
  readonly promisedRevocations = new Map<PeerKey, Set<PeerKey>>();
  checks = 0;
  /** What went wrong inside of a node, which would swallow it. */
  #failure: Error | null = null;

  /** A node must not fail at a step, whatever comes. */
  log(machine: Machine): Log {
    return {
      ...silentLog,
      error: (message, fields) => {
        this.#fail(`${machine.name} logs an error: ${message} ${JSON.stringify(fields)}`);
      },
    };
  }

  /** An author signs an event. */
  signed(author: PeerKey, bytes: Uint8Array): void {
    const event = decodeMemberEvent(bytes);
    if (event === null) this.#fail(`${author.slice(0, 8)} signs what others cannot read`);
    else this.#say(author, event);
  }

  /** A datagram leaves. What it says of its own sender is the truth. */
  heard(sender: PeerKey, bytes: Uint8Array): void {
    const { body } = Envelope.decode(bytes, { bytes: DATAGRAM_BYTES_MAX });
    if (body?.kind !== "events") return;
    for (const event of body.value.events) {
      if (event.peerId === sender) this.#say(sender, event);
    }
  }

  #say(author: PeerKey, event: GossipEvent): void {
    if (this.hostile.has(author)) return;
    const said = this.#said.get(author) ?? new Map<bigint, Set<string>>();
    this.#said.set(author, said);
    const contents = said.get(event.counter) ?? new Set();
    said.set(event.counter, contents.add(contentOf(event)));
    if (contents.size > 1 && this.hostile.size === 0) {
      this.#fail(`${author.slice(0, 8)} gave the number ${event.counter} out twice`);
    }
  }

  #fail(message: string): void {
    this.#failure ??= new Error(message);
  }

  /** Demands of a node what must be so at every moment. */
  check({ name, key, life }: Machine): void {
    if (this.#failure !== null) throw this.#failure;
    if (life === null) return;
    this.checks++;
    const { store, mesh, engine } = life;
    const seen = this.#seen.get(life) ??
      { digest: "", authors: new Map(), revoked: new Set(this.promisedRevocations.get(key)) };
    this.#seen.set(life, seen);

    const revoked = new Set(store.revokedSubjects());
    for (const peer of seen.revoked) {
      ok(revoked.has(peer), `${name} takes the revocation of ${peer.slice(0, 8)} back`);
    }
    for (const peer of revoked) seen.revoked.add(peer);
    const connected = mesh.connectedPeers();
    for (const peer of connected) {
      ok(!revoked.has(peer), `${name} has a session with ${peer.slice(0, 8)}, who is revoked`);
    }
    ok(new Set(connected).size === connected.length, `${name} has two sessions with one peer`);
    ok(engine.dials <= DIALS_MAX, `${name} dials ${engine.dials} addresses at the same time`);
    const { carried } = engine.relays;
    ok(carried <= CARRIED_FLOWS_MAX, `${name} carries ${carried} flows`);

    const digest = store.digest().toHex();
    if (digest === seen.digest) return;
    seen.digest = digest;
    this.#checkRecords(name, key, seen, revoked, life);
  }

  #checkRecords(
    name: string,
    local: PeerKey,
    seen: Seen,
    revoked: ReadonlySet<PeerKey>,
    { store }: Life,
  ): void {
    const now = new Map<PeerKey, HeldAuthor>();
    const { records } = store.missingRecords({ positions: [] }, { bytesMax: Infinity });
    for (const record of records) {
      const { event, key, content, isSigned } = this.#readRecord(record);
      const author = event.peerId as PeerKey;
      const held = now.get(author) ?? { isSigned, attributes: new Map<string, Held>() };
      now.set(author, held);
      equal(held.isSigned, isSigned, `${name} mixes signed and unsigned events of one author`);
      held.attributes.set(key, { counter: event.counter, deleted: event.deleted });
      // In another's name anything can be said as long as he was never heard signed.
      const isBelievable = this.hostile.size === 0 || isSigned && !this.hostile.has(author);
      if (!isBelievable || author === local && !isSigned) continue;
      ok(
        this.#said.get(author)?.get(event.counter)?.has(content),
        `${name} believes what ${author.slice(0, 8)} never said (${key}, ${event.counter})`,
      );
    }
    for (const [author, before] of seen.authors) {
      const after = now.get(author);
      if (revoked.has(author)) continue;
      ok(after !== undefined, `${name} forgot all of ${author.slice(0, 8)}`);
      ok(
        after.isSigned || !before.isSigned,
        `${name} believes an unsigned event of ${author.slice(0, 8)}, who signs`,
      );
      if (after.isSigned !== before.isSigned) continue;
      for (const [key, { counter }] of before.attributes) {
        const held = after.attributes.get(key);
        ok(
          held !== undefined && held.counter >= counter,
          `${name} goes back to an older ${key} of ${author.slice(0, 8)}`,
        );
      }
    }
    for (const [author, { attributes }] of now) {
      const record = store.get(author);
      for (const [key, { deleted }] of attributes) {
        if (!deleted || !key.startsWith("service/")) continue;
        ok(
          !record?.services.has(key.slice("service/".length)),
          `${name} shows ${key} of ${author.slice(0, 8)}, which was taken back`,
        );
      }
    }
    seen.authors.clear();
    for (const [author, held] of now) seen.authors.set(author, held);
  }

  #readRecord({ body }: EventRecord): Read {
    const known = this.#read.get(body!.value);
    if (known !== undefined) return known;
    const isSigned = body!.kind === "signed";
    const event = isSigned ? decodeMemberEvent(body!.value.event)! : body!.value as GossipEvent;
    const key = attributeKey(event.change!);
    const read = { event, key, content: contentOf(event), isSigned };
    this.#read.set(body!.value, read);
    return read;
  }
}

function contentOf(event: GossipEvent): string {
  return GossipEvent.encode({ ...event, counter: 0n }).toHex();
}
