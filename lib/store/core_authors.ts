// The authors of whom something is known, by key, and the room there is for what they say.
//
// What a member signed is bounded by whom the root let in. What nobody signed any member can make
// up, in as many names as it likes: it has room of its own, by names and in sum, so that it takes
// neither the memory of a node nor the place of those who sign.

import {
  ATTRIBUTES_PER_AUTHOR_MAX,
  AUTHORS_MAX,
  comparePeerKeys,
  type LimitCounter,
  type PeerKey,
  UNSIGNED_ATTRIBUTES_MAX,
  UNSIGNED_AUTHORS_MAX,
} from "../types/mod.ts";
import { AuthorLog } from "./core_log.ts";
import { type Author, nothingRemembered } from "./core_view.ts";

export class Authors {
  readonly #byKey = new Map<PeerKey, Author>();
  /** The same in order; null once there is another one. */
  #sorted: readonly [PeerKey, Author][] | null = null;
  /** Authors of whom only unsigned events are known, and their attributes. */
  #unsignedAuthors = 0;
  #unsignedAttributes = 0;
  readonly #limits: LimitCounter;

  /** This node, whose log signs, is the first one. */
  constructor(local: PeerKey, own: AuthorLog, limits: LimitCounter) {
    this.#limits = limits;
    this.#byKey.set(local, { log: own, remembered: nothingRemembered(local), record: null });
  }

  get(peer: PeerKey): Author | undefined {
    return this.#byKey.get(peer);
  }

  /** In the order of their keys. */
  sorted(): readonly [PeerKey, Author][] {
    return this.#sorted ??= [...this.#byKey].sort(([a], [b]) => comparePeerKeys(a, b));
  }

  /** An author, a new one if need be; null when there is no room for another. */
  obtain(peer: PeerKey): Author | null {
    const known = this.#byKey.get(peer);
    if (known !== undefined) return known;
    if (this.#byKey.size >= AUTHORS_MAX + UNSIGNED_AUTHORS_MAX) {
      this.#limits.count("authors");
      return null;
    }
    const author = { log: new AuthorLog(), remembered: nothingRemembered(peer), record: null };
    this.#byKey.set(peer, author);
    this.#sorted = null;
    return author;
  }

  /** Whether something may be said in a name: all may sign, of others so many are believed to exist. */
  hasRoomFor(peer: PeerKey, isSigned: boolean): boolean {
    const hasRoom = isSigned || this.#unsignedAuthors < UNSIGNED_AUTHORS_MAX ||
      this.#isUnsigned(this.#byKey.get(peer));
    if (!hasRoom) this.#limits.count("unsigned_authors");
    return hasRoom;
  }

  /** Whether one more attribute fits: into its author's log, undefined for none, and in sum. */
  hasRoomIn(log: AuthorLog | undefined, isSigned: boolean): boolean {
    if ((log?.size ?? 0) >= ATTRIBUTES_PER_AUTHOR_MAX) {
      this.#limits.count("attributes");
      return false;
    }
    const hasRoom = isSigned || this.#unsignedAttributes < UNSIGNED_ATTRIBUTES_MAX;
    if (!hasRoom) this.#limits.count("unsigned_attributes");
    return hasRoom;
  }

  /** Changes what is known of an author. */
  change(author: Author, how: (log: AuthorLog) => void): void {
    this.#count(author, -1);
    how(author.log);
    this.#count(author, 1);
    author.record = null;
  }

  #count(author: Author, by: 1 | -1): void {
    if (!this.#isUnsigned(author)) return;
    this.#unsignedAuthors += by;
    this.#unsignedAttributes += by * author.log.size;
  }

  /** Whether somebody was heard of, and never over what he signed. */
  #isUnsigned(author: Author | undefined): boolean {
    return author !== undefined && !author.log.isSigned && author.log.max > 0n;
  }
}
