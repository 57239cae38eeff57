// Redeeming an invite: a stranger, authenticated by its key alone, sends the invite and gets a join
// token back. Any node that the invite names will do: over pollen-invite/2 the request is sealed to
// who issued the invite, and whoever is reached passes it on. In any case the one who answers gives
// the same answer again: redeeming is idempotent for a key.

import {
  type IdentityKey,
  isForIssuerAlone,
  verifyInviteToken,
  verifyJoinToken,
} from "../auth/mod.ts";
import type { BootstrapPeer, InviteToken, JoinToken } from "../proto/mod.ts";
import {
  type Clock,
  type Engine,
  peerKeyFromBytes,
  PollenError,
  type Random,
  type Session,
  type SocketAddress,
} from "../types/mod.ts";
import { dialFirst } from "./dial.ts";
import { askForToken } from "./invite_ask.ts";
import { inTheClear, moreTelling, unanswered } from "./invite_failures.ts";
import { ALPN_INVITE_1, ALPN_INVITE_2, CloseReason } from "./protocol.ts";
import { firstInTurn } from "./first_in_turn.ts";
import { verifyKey } from "./verifier.ts";

/** How long the handshake with one bootstrap peer may take. */
const REACH_TIMEOUT_MS = 3_000;

/**
 * Within this time all of them are tried, in order, as long as nobody answers: then it takes five
 * seconds at most until a person learns that nobody does.
 */
const ALL_TRIED_MS = 1_500;
/** A pause between two that is not shorter without need: the first one usually answers. */
const TURN_PAUSE_MS = 500;

/** What redeeming an invite takes. */
export interface RedeemDeps {
  /** Speaks `inviteProtocols`. It stays open. */
  readonly engine: Engine;
  /** The key that is to become a member. */
  readonly identity: IdentityKey;
  /** Its wall clock judges the invite and the answer. */
  readonly clock: Clock;
  /** Draws the keys that requests are sealed with. */
  readonly random: Random;
  /** The socket addresses of `host:port` texts; names that do not resolve are left out. */
  resolve(addresses: readonly string[]): Promise<SocketAddress[]>;
}

/**
 * Redeems the invite through the first of its bootstrap peers that comes to an answer.
 *
 * @throws {PollenError} what the invite lacks, what the redeeming node said (`refused`), or why
 *   none was reached (`unreachable`, `timeout`, `identity_mismatch`), or could not pass the request
 *   on (`failed_precondition`, `exhausted`).
 */
export async function redeemInvite(
  deps: RedeemDeps,
  token: InviteToken,
  signal?: AbortSignal,
): Promise<JoinToken> {
  verifyInviteToken(token, deps.clock.wallNow(), deps.identity.publicKey);
  const peers = token.claims?.bootstrap ?? [];
  return await firstInTurn({
    candidates: peers,
    attempt: (peer, others) => redeemThrough(deps, token, peer, others),
    pauseMs: Math.min(TURN_PAUSE_MS, ALL_TRIED_MS / peers.length),
    clock: deps.clock,
    // Whoever was told no does not try its luck elsewhere; whoever was not let in does.
    isFinal: ({ code }) => code === "refused" || code === "cancelled",
    moreTelling,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function redeemThrough(
  deps: RedeemDeps,
  token: InviteToken,
  peer: BootstrapPeer,
  signal: AbortSignal,
): Promise<JoinToken> {
  const session = await reach(deps, peer, signal);
  try {
    session.admit({ narrow: true });
    if (session.alpn === ALPN_INVITE_1 && isForIssuerAlone(token)) throw inTheClear();
    const joinToken = await askForToken(deps, session, token, signal);
    verifyJoinToken(joinToken, deps.clock.wallNow(), deps.identity.publicKey);
    return joinToken;
  } finally {
    session.close(CloseReason.inviteRedeemed);
  }
}

/** A session with this very peer, at whichever of the addresses answers first. */
async function reach(
  deps: RedeemDeps,
  { peerPub, addrs }: BootstrapPeer,
  signal: AbortSignal,
): Promise<Session> {
  const addresses = await deps.resolve(addrs);
  if (addresses.length === 0) {
    throw new PollenError(
      "unreachable",
      `None of the invite's addresses can be resolved: ${addrs.join(", ")}.`,
      { fix: "Ask for an invite with an address that this machine can reach." },
    );
  }
  const peer = peerKeyFromBytes(peerPub);
  const dialled = dialFirst(deps.engine, addresses, {
    alpn: ALPN_INVITE_2,
    timeoutMs: REACH_TIMEOUT_MS,
    signal,
    verify: (candidate) => void verifyKey(candidate.peerCertificate, peer),
  });
  return await dialled.catch((thrown) => {
    const isSilence = thrown instanceof PollenError && thrown.code === "timeout";
    throw isSilence ? unanswered(thrown, addresses) : thrown;
  });
}
