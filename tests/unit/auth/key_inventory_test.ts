// Which keys a node may leave behind: a root key is told from a delegated one, also where something
// is damaged.

import { deepEqual, equal } from "node:assert/strict";
import { clusterIdHex, genAdminKey, installAdminCert } from "../../../lib/auth/mod.ts";
import { readKeyInventory } from "../../../lib/auth/key_inventory.ts";
import { DAY_MS, DIR, makeNode, makeRoot, NOW, seededRandom } from "./fixtures.ts";

const KEYS = `${DIR}/keys`;
const ADMIN = [`${KEYS}/admin_ed25519.key`, `${KEYS}/admin_ed25519.pub`];

Deno.test("a root holds its network's key", async () => {
  const { disk, credentials } = await makeRoot();
  const clusterId = clusterIdHex(credentials.trust);
  deepEqual(await readKeyInventory(disk, DIR), {
    clusterId,
    rootClusterId: clusterId,
    membership: [`${KEYS}/cluster.trust.pb`, `${KEYS}/membership.cert.pb`],
    rootKey: ADMIN,
    identity: [`${KEYS}/ed25519.key`, `${KEYS}/ed25519.pub`],
  });
});

Deno.test("a delegated key goes with the membership, once it is certified", async () => {
  const root = await makeRoot();
  const { disk } = await makeNode(2);
  await root.disk.read(`${KEYS}/cluster.trust.pb`, 1 << 16)
    .then((trust) => disk.writeAtomic(`${KEYS}/cluster.trust.pb`, trust!, 0o640));
  const adminPub = await genAdminKey(disk, DIR, seededRandom(5));
  deepEqual((await readKeyInventory(disk, DIR)).rootKey, ADMIN, "it may be another network's root");

  const cert = root.signer.delegate(adminPub, DAY_MS, NOW);
  await installAdminCert(disk, DIR, cert, root.credentials.trust, NOW);
  const { rootClusterId, rootKey, membership } = await readKeyInventory(disk, DIR);
  deepEqual([rootClusterId, rootKey], [null, []]);
  deepEqual(ADMIN.filter((path) => !membership.includes(path)), []);
});

Deno.test("without its trust a key counts as a root's, damaged or not", async () => {
  const { disk, credentials } = await makeRoot();
  const bytes = new TextEncoder().encode("damaged");
  await disk.writeAtomic(`${KEYS}/cluster.trust.pb`, bytes, 0o640);
  const { clusterId, rootClusterId, rootKey } = await readKeyInventory(disk, DIR);
  equal(clusterId, null);
  equal(rootClusterId, clusterIdHex(credentials.trust));
  await disk.writeAtomic(ADMIN[0]!, bytes, 0o600);
  const damaged = await readKeyInventory(disk, DIR);
  deepEqual([damaged.rootClusterId, damaged.rootKey, rootKey], [null, ADMIN, ADMIN]);
});

Deno.test("looking makes nothing", async () => {
  const { disk } = await makeNode(3);
  const before = disk.snapshot();
  const { clusterId, membership, rootKey } = await readKeyInventory(disk, DIR);
  deepEqual([clusterId, membership, rootKey], [null, [], []]);
  deepEqual(disk.snapshot(), before);
});
