// Memberships that go on. Who may sign looks at its own and at those of its peers, and gives each its
// successor in time; who gets one shows it from then on, and tells its peers, so that they do not end
// the sessions that are there when the old one ends. A word is worth what its signature proves.

import { formatUnix, isBetter } from "../auth/mod.ts";
import type { CertRenewalResponse, GossipEvent, MembershipCert } from "../proto/mod.ts";
import {
  addMs,
  ALPN_MEMBER_1,
  ALPN_MEMBER_2,
  errorText,
  LogThrottle,
  MEMBERSHIPS_TOLD_AT_ONCE_MAX,
  MEMBERSHIPS_TOLD_PAUSE_MS,
  type MonotonicMs,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyFromBytes,
  PeerRateLimiter,
  type Tasks,
  uncounted,
} from "../types/mod.ts";
import type { Sender } from "./sender.ts";
import type { MembershipSource, NodeDeps } from "./wiring.ts";

/** How long a peer may take to show what it was given, before it gets another one. */
const GIVE_AGAIN_MS = 10 * 60 * 1000;
/**
 * After which time the peers are told once more of this node's new membership: longer than the
 * handshakes take in which the old one was still shown.
 */
const TELL_AGAIN_MS = 30_000;

export interface RenewalsDeps
  extends Pick<NodeDeps, "local" | "mesh" | "store" | "clock" | "log" | "limits"> {
  readonly memberships: MembershipSource;
  readonly sender: Pick<Sender, "send" | "sendFrame">;
  readonly tasks: Tasks;
  /** Tells the connected peers what this node says of itself from now on. */
  announce(events: readonly GossipEvent[]): void;
}

export class Renewals {
  readonly #deps: RenewalsDeps;
  readonly #throttledLog: LogThrottle;
  readonly #allowed: PeerRateLimiter;
  /** Who was given a successor of which membership, and from when on it gets another one. */
  readonly #given = new Map<PeerKey, { of: MembershipCert; againAt: MonotonicMs }>();
  /** When the peers are to be told once more; null when they were. */
  #tellAt: MonotonicMs | null = null;
  #isTaking = false;

  constructor(deps: RenewalsDeps) {
    this.#deps = deps;
    const { log, clock, limits = uncounted } = deps;
    this.#throttledLog = new LogThrottle(log, clock);
    this.#allowed = new PeerRateLimiter(
      MEMBERSHIPS_TOLD_AT_ONCE_MAX,
      MEMBERSHIPS_TOLD_PAUSE_MS,
      () => limits.count("memberships_told"),
    );
  }

  /** Renews what is due, where this node signs; tells again what was renewed. */
  look(): void {
    const { memberships, local, clock } = this.#deps;
    const now = clock.monotonicNow();
    if (this.#tellAt !== null && now >= this.#tellAt) {
      this.#tellAt = null;
      this.#tell(memberships.own());
    }
    if (!memberships.signs) return;
    const own = memberships.successorOf(memberships.own());
    if (own !== null) this.#take(local, own);
    const peers = new Set(this.#peers());
    for (const peer of this.#given.keys()) {
      if (!peers.has(peer)) this.#given.delete(peer);
    }
    for (const peer of peers) this.#give(now, peer);
  }

  /** A peer told of a membership: of this node's new one, or of its own. */
  told(peer: PeerKey, membership: MembershipCert): void {
    const { memberships, local, clock } = this.#deps;
    const subjectPub = membership.claims?.subjectPub;
    if (subjectPub?.length !== PEER_KEY_BYTES) return;
    const subject = peerKeyFromBytes(subjectPub);
    if (subject !== local && subject !== peer) return;
    const known = subject === local ? memberships.own() : memberships.of(peer);
    if (known === null || !isBetter(membership, known)) return;
    if (!this.#allowed.allow(peer, clock.monotonicNow())) return;
    if (subject === local) return this.#take(peer, membership);
    try {
      memberships.note(peer, membership);
    } catch (thrown) {
      const reason = errorText(thrown);
      this.#throttledLog.warn("a peer told of a membership that is none", { peer, reason });
    }
  }

  /** A peer of pollen/1 asks for what others are given unasked. */
  asked(peer: PeerKey): void {
    const { memberships, mesh, clock, sender } = this.#deps;
    if (mesh.peerLink(peer)?.protocol !== ALPN_MEMBER_1) return;
    if (!this.#allowed.allow(peer, clock.monotonicNow())) return;
    const present = memberships.of(peer);
    const cert = present === null ? null : memberships.successorOf(present);
    const value: CertRenewalResponse = cert !== null
      ? { accepted: true, reason: "", cert }
      : { accepted: false, reason: refusalOf(memberships.signs, present), cert: undefined };
    sender.send(peer, { body: { kind: "certRenewalResponse", value } });
  }

  /** Writes what was counted. Nothing waits afterwards. */
  close(): void {
    this.#throttledLog.close();
  }

  /** Those that understand what is told unasked. */
  #peers(): PeerKey[] {
    const { mesh } = this.#deps;
    return mesh.connectedPeers().filter((peer) => mesh.peerLink(peer)?.protocol === ALPN_MEMBER_2);
  }

  #give(now: MonotonicMs, peer: PeerKey): void {
    const { memberships, sender, log } = this.#deps;
    const present = memberships.of(peer);
    if (present === null) return;
    const given = this.#given.get(peer);
    const isAgain = given !== undefined && !isBetter(present, given.of);
    if (isAgain && now < given.againAt) return;
    this.#given.delete(peer);
    const value = memberships.successorOf(present);
    if (value === null) return;
    const fields = { peer, until: endOf(value) };
    if (isAgain) log.debug("renewing the membership of a peer again", fields);
    else log.info("renewing the membership of a peer", fields);
    this.#given.set(peer, { of: present, againAt: addMs(now, GIVE_AGAIN_MS) });
    sender.sendFrame(peer, { body: { kind: "membership", value } });
  }

  #take(from: PeerKey, membership: MembershipCert): void {
    if (this.#isTaking) return;
    this.#isTaking = true;
    this.#deps.tasks.run(this.#becomes(from, membership).finally(() => this.#isTaking = false));
  }

  async #becomes(from: PeerKey, membership: MembershipCert): Promise<void> {
    const { memberships, store, clock, log, announce } = this.#deps;
    try {
      await memberships.take(membership);
    } catch (thrown) {
      const fields = { from, reason: errorText(thrown) };
      this.#throttledLog.warn("a renewed membership was not taken", fields);
      return;
    }
    // A command may have put an even better one there meanwhile.
    const own = memberships.own();
    log.info("the membership of this machine was renewed", { until: endOf(own) });
    this.#tell(own);
    this.#tellAt = addMs(clock.monotonicNow(), TELL_AGAIN_MS);
    announce(store.setLocalCertExpiry(own.claims!.notAfterUnix));
  }

  #tell(value: MembershipCert): void {
    const { sender } = this.#deps;
    for (const peer of this.#peers()) {
      sender.sendFrame(peer, { body: { kind: "membership", value } });
    }
  }
}

/** Why a peer of pollen/1 is given none: in its words, where it has some. */
function refusalOf(signs: boolean, present: MembershipCert | null): string {
  if (!signs) return "this node is not an admin";
  return present?.claims?.nonRenewable === true
    ? "certificate is non-renewable — request a new invite from a cluster admin"
    : "certificate is not renewed now";
}

function endOf({ claims }: MembershipCert): string {
  return formatUnix(claims?.notAfterUnix ?? 0n);
}
