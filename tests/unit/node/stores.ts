// Stores of members of one network, in memory.

import { authorityOf } from "../../../lib/app/authority.ts";
import { Store } from "../../../lib/store/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { DAY_MS, makeNode, makeRoot, NOW } from "../auth/fixtures.ts";
import { DIR } from "../store/fixtures.ts";

const root = await makeRoot(1);

/** The store of a member that knows nobody yet; its key follows from the seed. */
export async function storeOf(seed: number): Promise<Store> {
  const { identity } = await makeNode(seed);
  const cert = root.signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now: NOW });
  const credentials = { trust: root.credentials.trust, cert };
  const authority = authorityOf(identity, credentials, new FakeClock(NOW));
  return await Store.load(new MemoryDisk(), DIR, identity.peerKey, authority);
}
