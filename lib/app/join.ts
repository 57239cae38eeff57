// Entering a network: a token becomes a membership on disk. An invite is first exchanged for a join
// token, over the network, with the node that it names.

import {
  clusterIdHex,
  decodeToken,
  demandSameNetwork,
  enrol,
  genIdentityKey,
  type IdentityKey,
} from "../auth/mod.ts";
import { Config } from "../config/mod.ts";
import { systemClock, systemDisk, systemRandom } from "../host/mod.ts";
import { inviteProtocol, redeemInvite } from "../mesh/mod.ts";
import { openEngine } from "../quic/mod.ts";
import type { InviteToken, JoinToken } from "../proto/mod.ts";
import type { PeerKey } from "../types/mod.ts";
import { resolveAddresses } from "./resolve.ts";

/** Validity of the certificate that is shown while redeeming: longer than any clock is wrong. */
const TLS_TTL_MS = 24 * 60 * 60 * 1000;

export interface JoinOptions {
  /** The state folder, absolute. */
  readonly dir: string;
  /** A join token or an invite, as text. */
  readonly token: string;
  readonly signal: AbortSignal;
}

export interface Joined {
  /** The network's id, 64 hexadecimal characters. */
  readonly clusterId: string;
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
  const { dir, signal } = options;
  const decoded = decodeToken(options.token);
  await demandSameNetwork(systemDisk, dir, decoded.token.claims!.trust!);
  const identity = await genIdentityKey(systemDisk, dir, systemRandom);
  const joinToken = decoded.kind === "join"
    ? decoded.token
    : await redeem(identity, decoded.token, signal);
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

async function redeem(
  identity: IdentityKey,
  token: InviteToken,
  signal: AbortSignal,
): Promise<JoinToken> {
  await using engine = await openEngine({
    address: { ip: "::", port: 0 },
    protocols: [
      await inviteProtocol(
        { identity, tlsIdentityTtlMs: TLS_TTL_MS, clock: systemClock, random: systemRandom },
        { serve: false },
      ),
    ],
  });
  const deps = { engine, identity, clock: systemClock, resolve: resolveAddresses };
  return await redeemInvite(deps, token, signal);
}
