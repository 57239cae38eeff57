// The agents of a network's registries, and what each node says of its own machine and its sessions,
// as far as it is known here. Each author has numbered pages; a page is replaced as a whole by one
// with a higher counter. So what somebody lacks is told by one number for each page, a page that comes
// late does no harm, and thousands of agents cost hundreds of signatures.
//
// Invariants: only a member's pages are kept, as the member signed them; an author's pages, and all
// of them, are bounded in number and bytes; a page is never replaced by an older one.
//
// What was published before a restart comes back from the others like anybody's pages, because we
// signed it; whoever publishes replaces it then.

import { sha256 } from "@noble/hashes/sha2.js";
import {
  type AgentEntry,
  AgentPage,
  type AgentPages,
  AgentSummary,
  type Links,
  type SignedPage,
} from "../proto/mod.ts";
import {
  AGENT_PAGE_BYTES_MAX,
  AGENT_PAGES_BYTES_MAX,
  AGENT_PAGES_MAX,
  AGENT_PAGES_PER_AUTHOR_MAX,
  AGENTS_PER_PAGE_MAX,
  assert,
  comparePeerKeys,
  COUNTER_MAX,
  type LimitCounter,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  uncounted,
  type WallMs,
} from "../types/mod.ts";
import { decodeLinks, type LinkName, type SaidLink } from "./links.ts";
import { Listeners } from "./listeners.ts";
import type { Authority } from "./records.ts";

/** Bytes of a signature and of what is around a page in its frame. */
const AROUND_PAGE_BYTES = 80;

/** Which page of whom. */
export interface PageName {
  readonly author: PeerKey;
  /** 0 has the author's own machine, 1…511 have agents. */
  readonly page: number;
}

/** A page and what it says. */
export interface KnownPage extends PageName {
  readonly agents: readonly AgentEntry[];
}

/** What a page says besides whose it is. */
type Content = Pick<AgentPage, "agents" | "links">;

interface Kept extends KnownPage {
  readonly counter: bigint;
  readonly links?: Links | undefined;
  readonly signed: SignedPage;
}

/** What pages stand on. */
export interface PagesDeps {
  readonly local: PeerKey;
  readonly authority: Pick<Authority, "signPage" | "verifyPage">;
  isMember(peer: PeerKey): boolean;
  isRevoked(peer: PeerKey): boolean;
  /** Takes what finds no room. Default: nobody does. */
  readonly limits?: LimitCounter;
}

export class Pages {
  readonly #deps: PagesDeps;
  readonly #authors = new Map<PeerKey, Map<number, Kept>>();
  readonly #onChange = new Listeners<PageName>();
  #count = 0;
  #bytes = 0;
  /** Null once something changed. */
  #digest: Uint8Array | null = null;

  constructor(deps: PagesDeps) {
    this.#deps = deps;
  }

  /** One page's entries; null where nothing is known of it. */
  get({ author, page }: PageName): readonly AgentEntry[] | null {
    return this.#authors.get(author)?.get(page)?.agents ?? null;
  }

  /** What a node says of its sessions, by peer: on page 0, checked. */
  links(author: PeerKey): ReadonlyMap<LinkName, SaidLink> {
    return decodeLinks(this.#authors.get(author)?.get(0)?.links);
  }

  /**
   * Calls back with each page that came from others, or went with its author. Callbacks must not
   * throw. The result ends it.
   */
  onChange(callback: (page: PageName) => void): () => void {
    return this.#onChange.add(callback);
  }

  /** All pages, in no order. */
  *all(): Iterable<KnownPage> {
    for (const pages of this.#authors.values()) yield* pages.values();
  }

  /**
   * Says what a page of this node has from now on; null when that is known already, or all pages
   * together leave no room for it.
   *
   * @param agents At most 32, with which the page has at most 16 KB.
   */
  publish(page: number, agents: readonly AgentEntry[], now: WallMs): SignedPage | null {
    assert(page < AGENT_PAGES_PER_AUTHOR_MAX, "a page has a number within the bound");
    assert(agents.length <= AGENTS_PER_PAGE_MAX, "a page has room for its agents");
    const links = this.#authors.get(this.#deps.local)?.get(page)?.links;
    return this.#publish(page, { agents, links }, now);
  }

  /** Says how the sessions of this node go from now on; null as for `publish`. */
  publishLinks(links: Links, now: WallMs): SignedPage | null {
    const agents = this.#authors.get(this.#deps.local)?.get(0)?.agents ?? [];
    return this.#publish(0, { agents, links }, now);
  }

  #publish(page: number, content: Content, now: WallMs): SignedPage | null {
    const { local, authority } = this.#deps;
    const before = this.#authors.get(local)?.get(page);
    if (haveSame(before ?? { agents: [] }, content)) return null;
    // The clock counts on from run to run; what others hold of an earlier one is below all the same.
    const counter = max(BigInt(Math.trunc(now)), (before?.counter ?? 0n) + 1n);
    const bytes = AgentPage.encode({ author: peerKeyBytes(local), page, counter, ...content });
    assert(bytes.length <= AGENT_PAGE_BYTES_MAX, "a page has room for its bytes");
    const signed = { page: bytes, signature: authority.signPage(bytes) };
    const kept = { author: local, page, counter, ...content, signed };
    if (!this.#hasRoom(kept, before)) return null;
    this.#put(kept, before);
    return signed;
  }

  /**
   * Takes what others tell. Invalid, old and excessive pages are skipped singly, and so are those of
   * authors who are no members, or did not sign them.
   *
   * @returns Those that were new here, by author.
   */
  apply(pages: readonly SignedPage[]): Map<PeerKey, SignedPage[]> {
    const taken = pages.map((signed) => this.#take(signed)).filter((kept) => kept !== null);
    for (const { author, page } of taken) this.#onChange.tell({ author, page });
    const byAuthor = Map.groupBy(taken, ({ author }) => author);
    return new Map([...byAuthor].map(([author, of]) => [author, of.map(({ signed }) => signed)]));
  }

  /** Drops all that an author said. */
  drop(author: PeerKey): void {
    const pages = [...this.#authors.get(author)?.values() ?? []];
    if (pages.length === 0) return;
    this.#authors.delete(author);
    this.#digest = null;
    this.#count -= pages.length;
    this.#bytes -= pages.reduce((bytes, { signed }) => bytes + signed.page.length, 0);
    for (const { page } of pages) this.#onChange.tell({ author, page });
  }

  /** Which versions of which pages are here. */
  summary(): AgentSummary {
    const authors = [...this.#authors].sort(([a], [b]) => comparePeerKeys(a, b));
    return {
      authors: authors.map(([author, pages]) => ({
        author: peerKeyBytes(author),
        pages: [...pages.values()].sort((a, b) => a.page - b.page)
          .map(({ page, counter }) => ({ page, counter })),
      })),
    };
  }

  /** The summary in one hash. */
  digest(): Uint8Array {
    return this.#digest ??= sha256(AgentSummary.encode(this.summary()));
  }

  /** What somebody with this summary lacks, page by page until so many bytes are reached. */
  missing(summary: AgentSummary, { bytesMax }: { readonly bytesMax: number }): AgentPages {
    const theirs = readSummary(summary);
    const pages: SignedPage[] = [];
    let bytes = 0;
    for (const [author, kept] of this.#authors) {
      const known = theirs.get(author);
      for (const { page, counter, signed } of kept.values()) {
        if ((known?.get(page) ?? 0n) >= counter) continue;
        if (bytes >= bytesMax) return { pages, more: true };
        pages.push(signed);
        bytes += pageBytes(signed);
      }
    }
    return { pages, more: false };
  }

  /** Whether somebody with this summary has something that is lacking here. */
  mayLack(summary: AgentSummary): boolean {
    for (const [author, pages] of readSummary(summary)) {
      if (!this.#deps.isMember(author) || this.#deps.isRevoked(author)) continue;
      const ours = this.#authors.get(author);
      for (const [page, counter] of pages) {
        if ((ours?.get(page)?.counter ?? 0n) < counter) return true;
      }
    }
    return false;
  }

  #take(signed: SignedPage): Kept | null {
    const decoded = decodePage(signed.page);
    if (decoded === null) return null;
    const { isMember, isRevoked, authority } = this.#deps;
    const author = peerKeyFromBytes(decoded.author);
    const before = this.#authors.get(author)?.get(decoded.page);
    if (before !== undefined && before.counter >= decoded.counter) return null;
    const kept = { ...decoded, author, signed };
    if (!isMember(author) || isRevoked(author) || !this.#hasRoom(kept, before)) return null;
    if (!authority.verifyPage(decoded.author, signed.page, signed.signature)) return null;
    this.#put(kept, before);
    return kept;
  }

  #hasRoom({ signed }: Kept, before: Kept | undefined): boolean {
    const bytes = this.#bytes + signed.page.length - (before?.signed.page.length ?? 0);
    const count = this.#count + (before === undefined ? 1 : 0);
    const hasRoom = count <= AGENT_PAGES_MAX && bytes <= AGENT_PAGES_BYTES_MAX;
    if (!hasRoom) (this.#deps.limits ?? uncounted).count("agent_pages");
    return hasRoom;
  }

  #put(kept: Kept, before: Kept | undefined): void {
    const pages = this.#authors.get(kept.author) ?? new Map<number, Kept>();
    pages.set(kept.page, kept);
    this.#authors.set(kept.author, pages);
    this.#bytes += kept.signed.page.length - (before?.signed.page.length ?? 0);
    if (before === undefined) this.#count++;
    this.#digest = null;
  }
}

/** Roughly what a page takes of a frame. */
export function pageBytes({ page }: SignedPage): number {
  return page.length + AROUND_PAGE_BYTES;
}

/** What signed bytes say; null when they are no page within the bounds. */
function decodePage(bytes: Uint8Array): AgentPage | null {
  let decoded: AgentPage;
  try {
    decoded = AgentPage.decode(bytes, {
      bytes: AGENT_PAGE_BYTES_MAX,
      elements: AGENTS_PER_PAGE_MAX,
    });
  } catch {
    return null;
  }
  const { author, page, counter } = decoded;
  const isWithinBounds = author.length === PEER_KEY_BYTES && page < AGENT_PAGES_PER_AUTHOR_MAX &&
    // One more must remain, for the author to answer what was published in an earlier life.
    counter > 0n && counter < COUNTER_MAX;
  return isWithinBounds ? decoded : null;
}

function readSummary({ authors }: AgentSummary): Map<PeerKey, Map<number, bigint>> {
  return new Map(
    authors.filter(({ author }) => author.length === PEER_KEY_BYTES).map(({ author, pages }) => [
      peerKeyFromBytes(author),
      new Map(pages.map(({ page, counter }) => [page, counter])),
    ]),
  );
}

function haveSame(a: Content, b: Content): boolean {
  const [left, right] = [a, b].map(({ agents, links }) =>
    AgentPage.encode(AgentPage.create({ agents, links }))
  );
  return left!.length === right!.length && left!.every((byte, index) => byte === right![index]);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
