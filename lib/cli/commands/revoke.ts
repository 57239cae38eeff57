// `pollen revoke`: takes a machine's membership away, for good.

import { peerKeyBytes, shortPeerKey } from "../../types/mod.ts";
import type { Run } from "../command.ts";
import { openClient } from "../daemon.ts";
import { networkOf } from "../network.ts";
import { resolvePeer } from "../resolve_peer.ts";

/** Looks up which machine is meant, then has the daemon sign the revocation and spread it. */
export const revoke: Run = async (context) => {
  const { args, signal } = context;
  const [prefix = ""] = args.positionals;
  using client = await openClient(context);
  const key = resolvePeer(networkOf(await client.getStatus({ signal })), prefix);
  await client.revokePeer({ peerId: peerKeyBytes(key) }, { signal });
  return {
    text: `revoked peer ${shortPeerKey(key)}`,
    json: { key },
    notes: ["It is cut off wherever this is known, and cannot come back with this key."],
  };
};
