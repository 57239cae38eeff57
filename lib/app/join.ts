// Entering a network: a token becomes a membership on disk. An invite is first exchanged for a join
// token, over the network, with the node that it names.

import {
  clusterIdHex,
  decodeToken,
  demandSameNetwork,
  enrol,
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
   * Takes this node out of the other network that it is in, once the token is known to be good for it.
   * Without it a node stays where it is.
   */
  readonly leave?: () => Promise<void>;
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
  const { dir, leave, signal } = options;
  const decoded = decodeToken(options.token);
  const isElsewhere = await isInOtherNetwork(
    dir,
    decoded.token.claims!.trust!,
    leave !== undefined,
  );
  const identity = await genIdentityKey(systemDisk, dir, systemRandom);
  const joinToken = decoded.kind === "join"
    ? decoded.token
    : await redeem(identity, decoded.token, signal);
  if (isElsewhere) {
    verifyJoinToken(joinToken, systemClock.wallNow(), identity.publicKey);
    await leave?.();
  }
  const credentials = await enrol(systemDisk, dir, identity, joinToken, systemClock.wallNow());
  const config = await Config.load(systemDisk, dir);
  for (const peer of joinToken.claims?.bootstrap ?? []) config.rememberBootstrapPeer(peer);
  await config.save(systemDisk, dir);
  return {
    clusterId: clusterIdHex(credentials.trust),
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
