// `pollen init`: makes this machine the root of a new network, once.

import { clusterIdHex, genIdentityKey, initRoot, keysDirectory } from "../../auth/mod.ts";
import { Config } from "../../config/mod.ts";
import { demandOwner, systemDisk, systemRandom, tightenRights } from "../../host/mod.ts";
import { PollenError } from "../../types/mod.ts";
import type { Run } from "../command.ts";
import { demandStopped } from "../daemon.ts";

/** Prints the network's root key and id; the same again when run again. */
export const init: Run = async (context) => {
  const dir = await context.stateDirectory();
  await demandStopped(dir);
  demandOwner(dir);
  const warnings = await tightenRights(dir, keysDirectory(dir));
  const config = await Config.load(systemDisk, dir);
  const identity = await genIdentityKey(systemDisk, dir, systemRandom);
  const { credentials, created, isRoot } = await initRoot(systemDisk, dir, identity, {
    now: context.now(),
    random: systemRandom,
    membershipTtlMs: config.certTtls.membershipTtl(),
    adminTtlMs: config.certTtls.adminTtl(),
  });
  const clusterId = clusterIdHex(credentials.trust);
  if (!isRoot) {
    throw new PollenError(
      "failed_precondition",
      `This machine is a member of the network ${clusterId} already.`,
      { fix: "To start another network here, name another state folder with --dir." },
    );
  }
  const rootPub = credentials.trust.rootPub.toHex();
  const title = created ? "initialized root cluster" : "already initialized as root cluster";
  return {
    text: `${title}\nroot_pub: ${rootPub}\ncluster_id: ${clusterId}`,
    json: { created, rootPub, clusterId, key: identity.peerKey },
    notes: [...warnings, ...(created ? ["Next: pollen up -d"] : [])],
  };
};
