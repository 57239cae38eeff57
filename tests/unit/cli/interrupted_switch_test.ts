// A `join --switch` that was killed: other commands say so, and `up` completes it.

import { deepEqual, equal, match } from "node:assert/strict";
import {
  beginChange,
  clusterIdHex,
  enrol,
  genIdentityKey,
  readKeyInventory,
} from "../../../lib/auth/mod.ts";
import type { JoinToken } from "../../../lib/proto/mod.ts";
import { systemDisk, systemRandom } from "../../../lib/host/mod.ts";
import type { PeerKey, WallMs } from "../../../lib/types/mod.ts";
import { bootstrapOf, DAY_MS, makeRoot, NOW, type Root } from "../auth/fixtures.ts";
import { inFolder, pollen } from "./support.ts";

const now = (): WallMs => NOW;

function tokenOf({ signer, identity }: Root, subject: PeerKey): JoinToken {
  const cert = signer.issueMembership({ subject, ttlMs: DAY_MS, now: NOW });
  return signer.issueJoinToken({ cert, bootstrap: bootstrapOf(identity), ttlMs: DAY_MS, now: NOW });
}

Deno.test("what interrupted a switch of networks is said, and completed by up", async () => {
  const [old, other] = [await makeRoot(1), await makeRoot(2)];
  await inFolder(async (dir) => {
    const identity = await genIdentityKey(systemDisk, dir, systemRandom);
    await enrol(systemDisk, dir, identity, tokenOf(old, identity.peerKey), NOW);
    await beginChange(systemDisk, dir, identity, tokenOf(other, identity.peerKey), NOW);
    for (const words of [["init"], ["invite", "--bootstrap", `${"ab".repeat(32)}@192.0.2.1`]]) {
      const refused = await pollen([...words, "--dir", dir], { now });
      equal(refused.code, 1);
      match(refused.stderr, /on its way from one network to another.*`pollen up` completes it/s);
    }

    const running = new AbortController();
    const words = ["up", "--port", "0", "--ips", "127.0.0.1", "--no-port-mapping", "--dir", dir];
    const stdout = () => Promise.resolve(running.abort());
    await pollen(words, { stdout, signal: running.signal });
    const { clusterId, membership } = await readKeyInventory(systemDisk, dir);
    equal(clusterId, clusterIdHex(other.credentials.trust));
    deepEqual(membership.length, 2, "the note is gone");
    match(await Deno.readTextFile(`${dir}/config.yaml`), new RegExp(other.identity.peerKey));
    equal([...Deno.readDirSync(`${dir}/left`)].length, 1);
  });
});
