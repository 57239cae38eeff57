// What is known of the nodes, as the authors' logs say and as it was remembered from the last run.

import { assert, type PeerKey, peerKeyBytes, type SocketAddress } from "../types/mod.ts";
import { attributeKey } from "./core_attribute.ts";
import type { Authors } from "./core_authors.ts";
import type { Revocations } from "./core_revocations.ts";
import { type Author, recordOf } from "./core_view.ts";
import type { KnownPeer, NodeRecord, RememberedPeer } from "./records.ts";

export class Known {
  readonly #local: PeerKey;
  readonly #authors: Authors;
  readonly #revocations: Revocations;

  constructor(local: PeerKey, authors: Authors, revocations: Revocations) {
    this.#local = local;
    this.#authors = authors;
    this.#revocations = revocations;
  }

  /** One node; null when unknown or revoked. */
  get(peer: PeerKey): NodeRecord | null {
    const author = this.#authors.get(peer);
    if (author === undefined || this.#revocations.has(peer)) return null;
    return author.record = recordOf(author);
  }

  /** This node, revoked or not. */
  local(): NodeRecord {
    const author = this.#authors.get(this.#local);
    assert(author !== undefined, "this node is the first author");
    return author.record = recordOf(author);
  }

  /** Every node that is not revoked, this one included, by key. */
  all(): Map<PeerKey, NodeRecord> {
    const nodes = new Map<PeerKey, NodeRecord>();
    for (const [peer] of this.#authors.sorted()) {
      const record = this.get(peer);
      if (record !== null) nodes.set(peer, record);
    }
    return nodes;
  }

  /** The other nodes that can be dialled: an address and a port are known, or where they were last. */
  peers(): KnownPeer[] {
    return [...this.all().values()]
      .filter(({ peer, ips, localPort, lastAddr }) =>
        peer !== this.#local && (lastAddr !== null || ips.length > 0 && localPort > 0)
      )
      .map(({ peer, ips, localPort, externalPort, lastAddr }) => ({
        peerId: peer,
        identityPub: peerKeyBytes(peer),
        ips,
        localPort,
        externalPort,
        lastAddr,
      }));
  }

  /** Whether a node that is not revoked says that it has a session with another one. */
  isConnected(source: PeerKey, target: PeerKey): boolean {
    if (this.#revocations.has(source)) return false;
    const key = attributeKey({ kind: "reachability", value: { peerId: target } });
    return this.#authors.get(source)?.log.get(key)?.deleted === false;
  }

  /** Whether what is known of a node was signed by it. */
  isSigned(peer: PeerKey): boolean {
    return this.#authors.get(peer)?.log.isSigned ?? false;
  }

  /** Remembers a node as it was; what the network says about it counts instead. */
  remember(peer: RememberedPeer): void {
    const author = this.#otherOne(peer.peer);
    if (author === null) return;
    author.remembered = peer;
    author.record = null;
  }

  /** Notes where a session with a node was; false if that is no news. */
  setLastAddr(peer: PeerKey, lastAddr: SocketAddress): boolean {
    const author = this.#otherOne(peer);
    if (author === null) return false;
    const before = author.remembered.lastAddr;
    if (before?.ip === lastAddr.ip && before.port === lastAddr.port) return false;
    author.remembered = { ...author.remembered, lastAddr };
    author.record = null;
    return true;
  }

  /** Null for this node, one that is revoked, and one more than there is room for. */
  #otherOne(peer: PeerKey): Author | null {
    if (peer === this.#local || this.#revocations.has(peer)) return null;
    return this.#authors.obtain(peer);
  }
}
