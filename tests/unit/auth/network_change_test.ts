// A change of network that was begun: nothing but carrying it out is done with the folder, and that
// also long after its token has ended.

import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  beginChange,
  endChange,
  enrol,
  enrolByChange,
  initRoot,
  loadChange,
  loadNodeCredentials,
} from "../../../lib/auth/mod.ts";
import type { JoinToken } from "../../../lib/proto/mod.ts";
import type { PeerKey } from "../../../lib/types/mod.ts";
import {
  bootstrapOf,
  DAY_MS,
  DIR,
  later,
  makeNode,
  makeRoot,
  NOW,
  type Root,
  seededRandom,
} from "./fixtures.ts";

function tokenOf({ signer, identity }: Root, subject: PeerKey): JoinToken {
  const cert = signer.issueMembership({ subject, ttlMs: 9 * DAY_MS, now: NOW });
  return signer.issueJoinToken({ cert, bootstrap: bootstrapOf(identity), ttlMs: 60_000, now: NOW });
}

Deno.test("a change that was begun is carried out, however late, and nothing else is", async () => {
  const [old, other] = [await makeRoot(1), await makeRoot(2)];
  const { disk, identity } = await makeNode(3);
  const first = tokenOf(old, identity.peerKey);
  await enrol(disk, DIR, identity, first, NOW);
  const token = tokenOf(other, identity.peerKey);
  await beginChange(disk, DIR, identity, token, NOW);

  const refusal = { code: "failed_precondition", message: /on its way/, fix: /pollen up/ };
  await rejects(loadNodeCredentials(disk, DIR, identity, NOW), refusal);
  await rejects(enrol(disk, DIR, identity, first, NOW), refusal);
  const options = { now: NOW, random: seededRandom(4) };
  await rejects(initRoot(disk, DIR, identity, options), refusal);

  const change = (await loadChange(disk, DIR))!;
  await enrolByChange(disk, DIR, identity, change);
  await endChange(disk, DIR);
  equal(await loadChange(disk, DIR), null);
  const { trust, cert } = (await loadNodeCredentials(disk, DIR, identity, later(86_400)))!;
  deepEqual([trust, cert], [token.claims!.trust, token.claims!.memberCert]);
});

Deno.test("a change with a token that is worth nothing here is not begun", async () => {
  const root = await makeRoot(1);
  const { disk, identity } = await makeNode(3);
  const before = disk.snapshot();
  const token = tokenOf(root, identity.peerKey);
  await rejects(beginChange(disk, DIR, identity, token, later(3_600)), /expired/);
  const foreign = tokenOf(root, root.identity.peerKey);
  await rejects(beginChange(disk, DIR, identity, foreign, NOW), { code: "unauthenticated" });
  deepEqual(disk.snapshot(), before);
});
