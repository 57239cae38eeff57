// Entering a network: a token becomes a membership on disk. An invite is first exchanged for a join
// token, over the network, with the node that it names.

import {
  clusterIdHex,
  decodeToken,
  demandSameNetwork,
  genIdentityKey,
  type IdentityKey,
  verifyJoinToken,
} from "../auth/mod.ts";
import { Config } from "../config/mod.ts";
import { demandOwner, systemClock, systemDisk, systemRandom } from "../host/mod.ts";
import { inviteProtocols, redeemInvite } from "../mesh/mod.ts";
import { openEngine } from "../quic/mod.ts";
import type { InviteToken, JoinToken, TrustBundle } from "../proto/mod.ts";
import { type PeerKey, PollenError } from "../types/mod.ts";
import { changeNetwork, completeChange, enterNetwork } from "./network_files.ts";
import { resolveAddresses } from "./resolve.ts";

/** Validity of the certificate that is shown while redeeming: longer than any clock is wrong. */
const TLS_TTL_MS = 24 * 60 * 60 * 1000;

/** Which node enters a network, with what. */
export interface JoinOptions {
  /** The state folder, absolute. */
  readonly dir: string;
  /** A join token or an invite, as text. */
  readonly token: string;
  /**
   * Runs the step in which this node leaves the network that it is in for the token's, while nobody
   * else works on the folder. Without it a node stays where it is.
   */
  readonly whileAlone?: (step: () => Promise<void>) => Promise<void>;
  /** Gives up, with `cancelled`, while the network is asked. */
  readonly signal: AbortSignal;
}

/** The network that was entered. */
export interface Joined {
  /** The network's id, 64 hexadecimal characters. */
  readonly clusterId: string;
  /** This node's key, made if it had none. */
  readonly peerKey: PeerKey;
  /** How many nodes it knows to find the network through. */
  readonly bootstrapPeers: number;
}

/**
 * Enrols this node with a token.
 *
 * @throws {PollenError} what is wrong with the token (`invalid_argument`, `unauthenticated`,
 *   `refused`), why nobody could be asked (`unreachable`, `timeout`), or `failed_precondition` when
 *   the node is in another network.
 */
export async function joinNetwork(options: JoinOptions): Promise<Joined> {
  demandOwner(options.dir);
  const { dir, whileAlone, signal } = options;
  await completeChange(systemDisk, dir);
  const decoded = decodeToken(options.token);
  const isElsewhere = await isInOtherNetwork(
    dir,
    decoded.token.claims!.trust!,
    whileAlone !== undefined,
  );
  const identity = await genIdentityKey(systemDisk, dir, systemRandom);
  const joinToken = decoded.kind === "join"
    ? decoded.token
    : await redeem(identity, decoded.token, signal);
  const now = systemClock.wallNow();
  verifyJoinToken(joinToken, now, identity.publicKey);
  const { trust } = joinToken.claims!;
  if (isElsewhere) {
    await whileAlone?.(() => changeNetwork(systemDisk, dir, identity, joinToken, now));
  } else {
    await enterNetwork(systemDisk, dir, identity, joinToken, now);
  }
  const config = await Config.load(systemDisk, dir);
  return {
    clusterId: clusterIdHex(trust!),
    peerKey: identity.peerKey,
    bootstrapPeers: config.bootstrapPeers.length,
  };
}

/** Whether the node would have to leave a network for this one; throws unless it may. */
async function isInOtherNetwork(
  dir: string,
  trust: TrustBundle,
  mayLeave: boolean,
): Promise<boolean> {
  try {
    await demandSameNetwork(systemDisk, dir, trust);
    return false;
  } catch (thrown) {
    const isOther = thrown instanceof PollenError && thrown.details["tokenClusterId"] !== undefined;
    if (isOther && mayLeave) return true;
    throw thrown;
  }
}

async function redeem(
  identity: IdentityKey,
  token: InviteToken,
  signal: AbortSignal,
): Promise<JoinToken> {
  await using engine = await openEngine({
    address: { ip: "::", port: 0 },
    protocols: await inviteProtocols(
      { identity, tlsIdentityTtlMs: TLS_TTL_MS, clock: systemClock, random: systemRandom },
      { serve: "none" },
    ),
  });
  const deps = {
    engine,
    identity,
    clock: systemClock,
    random: systemRandom,
    resolve: resolveAddresses,
  };
  return await redeemInvite(deps, token, signal);
}
