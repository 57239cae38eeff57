// What an author's log means: its record. A pure function of the log and of what was remembered
// from the last run, which counts for an attribute until the network says something about it.

import { assertNever, comparePeerKeys, parsePeerKey, type PeerKey } from "../types/mod.ts";
import type { AuthorLog } from "./core_log.ts";
import type { NodeRecord, RememberedPeer } from "./records.ts";

/** One author: its log, what is known of it besides, and its record for as long as that is current. */
export interface Author {
  readonly log: AuthorLog;
  remembered: RememberedPeer;
  record: NodeRecord | null;
}

/** What is remembered of a node of which nothing is. */
export function nothingRemembered(peer: PeerKey): RememberedPeer {
  return { peer, ips: [], localPort: 0, externalPort: 0, lastAddr: null, services: new Map() };
}

/** The author's record, made anew if the log changed since the last time. */
export function recordOf({ log, remembered, record }: Author): NodeRecord {
  if (record !== null) return record;
  let { ips, localPort, externalPort } = remembered;
  let reachable: ReadonlySet<PeerKey> | null = null;
  let publiclyAccessible = false;
  let certExpiryUnix = 0n;
  const services = new Map(remembered.services);
  for (const { change, deleted } of log.events()) {
    switch (change?.kind) {
      // A deleted value is an empty one: that is how deletions are kept.
      case "network":
        ({ ips, localPort } = change.value);
        break;
      case "externalPort":
        externalPort = change.value.externalPort;
        break;
      case "identityPub":
        certExpiryUnix = change.value.certExpiryUnix;
        break;
      case "publiclyAccessible":
        publiclyAccessible = !deleted;
        break;
      case "service":
        if (deleted) services.delete(change.value.name);
        else services.set(change.value.name, change.value.port);
        break;
      case "reachability":
      case "revocation":
      case undefined:
        break;
      default:
        assertNever(change);
    }
  }
  return {
    peer: remembered.peer,
    ips,
    localPort,
    externalPort,
    services: new Map([...services].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)),
    get reachable() {
      return reachable ??= reachableIn(log);
    },
    publiclyAccessible,
    certExpiryUnix,
    lastAddr: remembered.lastAddr,
  };
}

/** Made when it is asked for: an author of a large network reaches hundreds, and few ask. */
function reachableIn(log: AuthorLog): ReadonlySet<PeerKey> {
  const reachable: PeerKey[] = [];
  for (const { change, deleted } of log.events()) {
    if (change?.kind === "reachability" && !deleted) {
      reachable.push(parsePeerKey(change.value.peerId));
    }
  }
  return new Set(reachable.sort(comparePeerKeys));
}
