// The life of a node that joins a network, renews its membership, becomes an administrator there,
// and moves to another network: each step with what the disk holds once it was acknowledged.

import { equal, match, ok } from "node:assert/strict";
import { authorityOf } from "../../lib/app/authority.ts";
import { changeNetwork, enterNetwork, loadMember } from "../../lib/app/network_files.ts";
import {
  clusterIdHex,
  genAdminKey,
  genIdentityKey,
  type IdentityKey,
  installAdminCert,
  loadAdminSigner,
  loadIdentityKey,
  renewMembership,
} from "../../lib/auth/mod.ts";
import { Config, ConsumedInvites } from "../../lib/config/mod.ts";
import { FileDisk } from "../../lib/host/mod.ts";
import { type InviteToken, type JoinToken, MembershipCert } from "../../lib/proto/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { type PeerKey, PollenError, servicePort } from "../../lib/types/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { bootstrapOf, DAY_MS, DIR, makeRoot, NOW, seededRandom } from "../unit/auth/fixtures.ts";
import { key } from "../unit/store/fixtures.ts";

/** Seeds of the node's key, and of one that would be made if the first were taken for lost. */
const KEY_SEED = 11;
const OTHER_KEY_SEED = 12;
const [FIRST, SECOND] = [key(0x61), key(0x62)];

/** What a folder says of its node's place; null where it says that there is none, in words. */
export interface Place {
  readonly network: string;
  readonly membership: string;
  /** The keys of the peers that it would dial. */
  readonly peers: string;
  readonly isAdmin: boolean;
  /** Invites that were redeemed here. */
  readonly redeemed: number;
  readonly services: string;
}

interface Step {
  readonly name: string;
  run(disk: FileDisk, identity: IdentityKey): Promise<void>;
  /** What is so afterwards. */
  readonly then: Place | null;
}

/** Everything that is signed for this life beforehand, so that every run of it is the same. */
export class Joiner {
  private constructor(
    readonly peerKey: PeerKey,
    /** Whom it finds the first network through. */
    readonly oldPeer: PeerKey,
    readonly steps: readonly Step[],
  ) {}

  static async make(): Promise<Joiner> {
    const { peerKey: subject } = await genIdentityKey(
      new MemoryDisk(),
      DIR,
      seededRandom(KEY_SEED),
    );
    const [old, other] = [await makeRoot(1), await makeRoot(2)];
    const memberOf = ({ signer }: typeof old, days: number) =>
      signer.issueMembership({ subject, ttlMs: days * DAY_MS, now: NOW });
    const tokenOf = (root: typeof old, cert: MembershipCert): JoinToken =>
      root.signer.issueJoinToken({
        cert,
        bootstrap: bootstrapOf(root.identity),
        ttlMs: DAY_MS,
        now: NOW,
      });
    const certs = [1, 2, 3].map((days) => memberOf(old, days));
    const [newCert, renewed] = [memberOf(other, 1), memberOf(other, 2)];
    const tokens = [tokenOf(old, certs[0]!), tokenOf(old, certs[1]!), tokenOf(other, newCert)];
    const adminPub = await genAdminKey(new MemoryDisk(), DIR, seededRandom(KEY_SEED));
    const delegation = old.signer.delegate(adminPub, 30 * DAY_MS, NOW);
    const invite = old.signer.issueInvite({
      bootstrap: bootstrapOf(old.identity),
      ttlMs: DAY_MS,
      now: NOW,
    });
    const { trust } = old.credentials;

    const empty = { isAdmin: false, redeemed: 0, services: "" };
    const place = (root: typeof old, cert: MembershipCert, more: Partial<Place> = {}): Place => ({
      network: clusterIdHex(root.credentials.trust),
      membership: MembershipCert.encode(cert).toHex(),
      peers: root.identity.peerKey,
      ...empty,
      ...more,
    });
    const admin = { isAdmin: true };
    const all = { isAdmin: true, redeemed: 1, services: "web" };
    const renew =
      (credentials: typeof old.credentials, cert: MembershipCert): Step["run"] =>
      async (disk, identity) =>
        void await renewMembership(disk, DIR, identity, credentials, cert, NOW);
    const enter = (token: JoinToken): Step["run"] => async (disk, identity) =>
      void await enterNetwork(disk, DIR, identity, token, NOW);

    return new Joiner(subject, old.identity.peerKey, [
      { name: "make a key", run: () => Promise.resolve(), then: null },
      { name: "join", run: enter(tokens[0]!), then: place(old, certs[0]!) },
      { name: "join again", run: enter(tokens[1]!), then: place(old, certs[1]!) },
      {
        name: "renew",
        run: renew(old.credentials, certs[2]!),
        then: place(old, certs[2]!),
      },
      {
        name: "make an administrator's key",
        run: async (disk) => void await genAdminKey(disk, DIR, seededRandom(KEY_SEED)),
        then: place(old, certs[2]!),
      },
      {
        name: "become an administrator",
        run: (disk) => installAdminCert(disk, DIR, delegation, trust, NOW),
        then: place(old, certs[2]!, admin),
      },
      {
        name: "redeem an invite",
        run: (disk) => redeem(disk, invite, tokens[0]!),
        then: place(old, certs[2]!, { ...admin, redeemed: 1 }),
      },
      { name: "serve", run: serve, then: place(old, certs[2]!, all) },
      {
        name: "move to another network",
        run: (disk, identity) => changeNetwork(disk, DIR, identity, tokens[2]!, NOW),
        then: place(other, newCert),
      },
      {
        name: "renew there",
        run: renew(other.credentials, renewed),
        then: place(other, renewed),
      },
    ]);
  }

  /** One step, as a process of its own. */
  async perform(disk: FileDisk, at: number): Promise<void> {
    const isFresh = await loadIdentityKey(disk, DIR) === null;
    ok(!isFresh || at === 0, "a key that was acknowledged is gone");
    const seed = isFresh ? KEY_SEED : OTHER_KEY_SEED;
    const identity = await genIdentityKey(disk, DIR, seededRandom(seed));
    equal(identity.peerKey, this.peerKey, "another key");
    await this.steps[at]!.run(disk, identity);
  }
}

/** Starts a node on the folder, as far as its files go. */
export async function start(disk: FileDisk): Promise<Place | null> {
  let member;
  try {
    member = await loadMember(disk, DIR, NOW);
  } catch (thrown) {
    if (!(thrown instanceof PollenError) || thrown.code !== "failed_precondition") throw thrown;
    match(thrown.fix ?? "", /pollen join/, "it refuses without a cure");
    return null;
  }
  const { identity, credentials } = member;
  const config = await Config.load(disk, DIR);
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  const options = { now: NOW, random: seededRandom(KEY_SEED) };
  const hasCert = (await disk.list(`${DIR}/keys`)).includes("admin.cert.pb");
  const signer = hasCert ? await loadAdminSigner(disk, DIR, credentials, options) : null;
  const authority = authorityOf(identity, credentials, new FakeClock(NOW));
  await using store = await Store.load(disk, DIR, identity.peerKey, authority);
  return {
    network: clusterIdHex(credentials.trust),
    membership: MembershipCert.encode(credentials.cert).toHex(),
    peers: config.bootstrapPeers.map(({ peerKey }) => peerKey).join(),
    isAdmin: signer !== null,
    redeemed: consumed.size,
    services: [...store.localServices().keys()].join(),
  };
}

/** Redeems an invite for one key; another one gets nothing. */
async function redeem(disk: FileDisk, invite: InviteToken, answer: JoinToken): Promise<void> {
  const bytes = new TextEncoder().encode(answer.claims!.tokenId);
  const consumed = await ConsumedInvites.load(disk, DIR, NOW);
  await consumed.tryConsume(invite, FIRST, NOW, (earlier) => earlier ?? bytes);
  equal(await consumed.tryConsume(invite, SECOND, NOW, () => bytes), null, "redeemed twice");
}

async function serve(disk: FileDisk, identity: IdentityKey): Promise<void> {
  const { credentials } = await loadMember(disk, DIR, NOW);
  const authority = authorityOf(identity, credentials, new FakeClock(NOW));
  await using store = await Store.load(disk, DIR, identity.peerKey, authority);
  store.upsertLocalService(servicePort(8_080, false), "web");
  await store.save();
}
