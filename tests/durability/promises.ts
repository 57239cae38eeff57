// Everything that a node promised, over all of its lives, and the demand that it is so.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { Config } from "../../lib/config/mod.ts";
import { type InviteToken, type JoinToken, MembershipCert } from "../../lib/proto/mod.ts";
import type { PeerKey } from "../../lib/types/mod.ts";
import { key } from "../unit/store/fixtures.ts";
import { Facts } from "./facts.ts";
import { DIR, type Life } from "./life.ts";
import { assertSeen, type Observer } from "./model_mesh.ts";

/** What was redeemed: by whom, and the membership that was answered. */
interface Redemption {
  readonly token: InviteToken;
  readonly subject: PeerKey;
  readonly membership: string;
}

export class Promises {
  readonly services = new Facts<string, number>("service");
  readonly forwards = new Facts<number, number>("forward");
  readonly revocations = new Facts<PeerKey, true>("revocation");
  readonly bootstrap = new Facts<PeerKey, string>("bootstrap peer");
  readonly redemptions = new Map<string, Redemption>();
  readonly #observers: readonly Observer[];

  constructor(observers: readonly Observer[]) {
    this.#observers = observers;
  }

  /** Demands everything of a life that begins, and that those whom it meets see the same. */
  async verify(life: Life, met: readonly PeerKey[]): Promise<void> {
    const { store, mesh } = life;
    await this.#rest(life);
    this.#observe(this.services, new Map([...store.localServices()].map(([n, s]) => [n, s.port])));
    const wanted = store.desiredConnections();
    this.#observe(this.forwards, new Map(wanted.map((c) => [c.remotePort, c.localPort])));
    deepEqual(
      life.tunnels.listConnections().map(({ remotePort }) => remotePort).sort((a, b) => a - b),
      wanted.map(({ remotePort }) => remotePort).sort((a, b) => a - b),
      "a forward is not there",
    );
    const config = await Config.load(life.disk, DIR);
    this.#observe(
      this.bootstrap,
      new Map(config.bootstrapPeers.map(({ peerKey, addrs }) => [peerKey, addrs.join()])),
    );
    equal(life.signer.isRoot, true);
    await this.#verifyRedemptions(life);

    for (const peer of met) {
      mesh.meet(peer);
      await life.settle();
    }
    for (let round = 0; round < 3; round++) {
      for (const peer of met) mesh.ask(peer);
      await this.#rest(life);
    }
    await life.settle();
    this.#observe(this.revocations, new Map(store.revokedSubjects().map((peer) => [peer, true])));
    // What was said and not saved comes back from those who heard it, sooner or later.
    for (const { core } of this.#observers) {
      for (const [subject] of core.revocations()) {
        if (!store.isSubjectRevoked(subject)) this.revocations.ask(subject, true);
      }
    }
    const services = new Map([...store.localServices()].map(([name, { port }]) => [name, port]));
    for (const observer of this.#observers.filter(({ key }) => met.includes(key))) {
      assertSeen(observer, services, mesh.connectedPeers());
      deepEqual(observer.core.revocations().map(([subject]) => subject), store.revokedSubjects());
    }
  }

  /** Lets everything come to rest, and what is saved at once reach the disk. */
  async #rest({ settle, clock }: Life): Promise<void> {
    await settle();
    clock.advance(0);
    await settle();
  }

  #observe<K, V>(facts: Facts<K, V>, actual: ReadonlyMap<K, V>): void {
    for (const subject of new Set([...facts.subjects, ...actual.keys()])) {
      facts.observe(subject, actual.get(subject) ?? null);
    }
  }

  /** Who got an answer gets it again; nobody else gets one. */
  async #verifyRedemptions({ redeemer, clock }: Life): Promise<void> {
    for (const { token, subject, membership } of this.redemptions.values()) {
      const again = await redeemer.redeem(token, subject, clock.wallNow());
      equal(membershipOf(again), membership, "the same key got another membership");
      await rejects(
        redeemer.redeem(token, key(0x77), clock.wallNow()),
        /already consumed/,
        "an invite was redeemed twice",
      );
    }
  }
}

/** The membership that a join token brings. */
export function membershipOf(token: JoinToken): string {
  return MembershipCert.encode(token.claims!.memberCert!).toHex();
}
