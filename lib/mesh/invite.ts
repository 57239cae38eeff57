// Redeeming an invite: a stranger, authenticated by its key alone, sends the invite and gets a join
// token back. Where messages get lost, the one who asks repeats the request; in any case the one who
// answers gives the same answer again: redeeming is idempotent for a key.

import { type IdentityKey, verifyInviteToken, verifyJoinToken } from "../auth/mod.ts";
import { Envelope, type InviteToken, type JoinToken } from "../proto/mod.ts";
import {
  type Clock,
  type Engine,
  errorText,
  HANDSHAKE_TIMEOUT_MS,
  INVITE_MESSAGE_BYTES_MAX,
  INVITE_REQUESTS_MAX,
  type Log,
  type LogThrottle,
  type PeerKey,
  peerKeyFromBytes,
  PollenError,
  type Session,
  type SocketAddress,
  toPollenError,
} from "../types/mod.ts";
import { readPeerCertificate } from "./certificate.ts";
import { dialFirst } from "./dial.ts";
import { type Exchange, openExchange } from "./invite_exchange.ts";
import { asSentence, moreTelling, unanswered } from "./invite_failures.ts";
import { ALPN_INVITE_2, CloseReason } from "./protocol.ts";
import { verifyKey } from "./verifier.ts";

/** How long one bootstrap peer may take: its handshake, and then its answer (pollen/1). */
const ANSWER_TIMEOUT_MS = 3_000;
/** The request is repeated this often while no answer comes; five times in all. */
const REPEAT_MS = 600;
/** How long the answering side waits for the first request: its sender may be a slow machine. */
const FIRST_REQUEST_TIMEOUT_MS = HANDSHAKE_TIMEOUT_MS;
/** How long it waits for a repetition: those come every 600 ms. */
const REPETITION_TIMEOUT_MS = 3_000;
/** How long it keeps a session at all: an invite is redeemed in a second or two once it is asked for. */
const SESSION_TIMEOUT_MS = 2 * HANDSHAKE_TIMEOUT_MS;
/** Said instead of a join token that no message holds; the invite stays good for the same key. */
const ANSWER_TOO_LARGE = "the answer does not fit a message; use an invite with fewer addresses";

/** Turns an invite and the key that was proved into a join token; throws a PollenError that says why not. */
export interface Redeemer {
  /** The join token for `subject`; the same again when the same key asks again. */
  redeem(token: InviteToken, subject: PeerKey): Promise<JoinToken>;
}

/** What redeeming an invite takes. */
export interface RedeemDeps {
  /** Speaks `inviteProtocols`. It stays open. */
  readonly engine: Engine;
  /** The key that is to become a member. */
  readonly identity: IdentityKey;
  /** Its wall clock judges the invite and the answer. */
  readonly clock: Clock;
  /** The socket addresses of `host:port` texts; names that do not resolve are left out. */
  resolve(addresses: readonly string[]): Promise<SocketAddress[]>;
}

/**
 * Redeems the invite with the first of its bootstrap peers that answers.
 *
 * @throws {PollenError} what the invite lacks, what the redeeming node said (`refused`), or why
 *   none was reached (`unreachable`, `timeout`, `identity_mismatch`).
 */
export async function redeemInvite(
  deps: RedeemDeps,
  token: InviteToken,
  signal?: AbortSignal,
): Promise<JoinToken> {
  verifyInviteToken(token, deps.clock.wallNow(), deps.identity.publicKey);
  let failure: PollenError | null = null;
  for (const { peerPub, addrs } of token.claims?.bootstrap ?? []) {
    let session: Session;
    try {
      session = await reach(deps, peerKeyFromBytes(peerPub), addrs, signal);
    } catch (thrown) {
      failure = moreTelling(failure, toPollenError(thrown));
      if (signal?.aborted) break;
      continue;
    }
    try {
      session.admit({ narrow: true });
      const joinToken = await ask(deps, session, token, signal);
      verifyJoinToken(joinToken, deps.clock.wallNow(), deps.identity.publicKey);
      return joinToken;
    } catch (thrown) {
      const error = toPollenError(thrown);
      // Whoever was told no does not try its luck elsewhere; whoever was not let in does.
      if (error.code === "refused" || error.code === "cancelled") throw error;
      failure = moreTelling(failure, error);
    } finally {
      session.close(CloseReason.inviteRedeemed);
    }
  }
  throw failure ?? new PollenError("unreachable", "The invite names no node to redeem it with.");
}

/** A session with this very peer, at whichever of the addresses answers first. */
async function reach(
  deps: RedeemDeps,
  peer: PeerKey,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<Session> {
  const addresses = await deps.resolve(texts);
  if (addresses.length === 0) {
    throw new PollenError(
      "unreachable",
      `None of the invite's addresses can be resolved: ${texts.join(", ")}.`,
      { fix: "Ask for an invite with an address that this machine can reach." },
    );
  }
  const dialled = dialFirst(deps.engine, addresses, {
    alpn: ALPN_INVITE_2,
    timeoutMs: ANSWER_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
    verify: (candidate) => void verifyKey(candidate.peerCertificate, peer),
  });
  return await dialled.catch((thrown) => {
    throw thrown instanceof PollenError && thrown.code === "timeout" ? unanswered(thrown) : thrown;
  });
}

async function ask(
  deps: RedeemDeps,
  session: Session,
  token: InviteToken,
  signal?: AbortSignal,
): Promise<JoinToken> {
  const request = Envelope.encode({
    body: {
      kind: "inviteRedeemRequest",
      value: { token, subjectPub: deps.identity.publicKey },
    },
  });
  using timers = new DisposableStack();
  let stopRepeating = () => {};
  timers.defer(() => stopRepeating());
  let failWith: (error: PollenError) => void = () => {};
  const failure = new Promise<never>((_resolve, reject) => failWith = reject);
  const exchange = openExchange(session);
  const repeat = () => {
    if (!exchange.send(request)) {
      failWith(
        new PollenError("too_large", "The invite does not fit a message.", {
          fix: "Ask for an invite with fewer addresses.",
        }),
      );
      return;
    }
    if (!exchange.isReliable) stopRepeating = deps.clock.setTimer(REPEAT_MS, repeat);
  };
  timers.defer(
    deps.clock.setTimer(ANSWER_TIMEOUT_MS, () =>
      failWith(
        new PollenError("timeout", "The node that is to redeem the invite does not answer.", {
          fix: "Check that its daemon runs and that it may issue invites, then try again.",
        }),
      )),
  );
  const onAbort = () => failWith(new PollenError("cancelled", "Joining was interrupted."));
  signal?.addEventListener("abort", onAbort, { once: true });
  timers.defer(() => signal?.removeEventListener("abort", onAbort));
  repeat();
  return await Promise.race([failure, answer(session, exchange)]);
}

async function answer(session: Session, exchange: Exchange): Promise<JoinToken> {
  for (let bytes; (bytes = await exchange.receive()) !== null;) {
    const { body } = Envelope.decode(bytes, { bytes: INVITE_MESSAGE_BYTES_MAX });
    if (body?.kind !== "inviteRedeemResponse") continue;
    const { accepted, reason, joinToken } = body.value;
    if (accepted && joinToken !== undefined) return joinToken;
    const fix = reason.startsWith("subject has been revoked")
      ? "This machine's key can never be a member again. Make a new one with `pollen purge --all`, then ask for an invite."
      : "Ask for a new invite.";
    throw new PollenError("refused", asSentence(reason || "invite token rejected"), { fix });
  }
  const end = await session.closed;
  throw new PollenError(
    "unreachable",
    `The node that is to redeem the invite closed the connection: ${end.reason || end.kind}.`,
    { fix: "Check that it may issue invites, then try again." },
  );
}

/** What answering takes. */
export interface ServeDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Takes what a stranger can cause as often as it likes. */
  readonly throttledLog: LogThrottle;
}

/** Answers one stranger's session until it goes, is quiet for too long, stays too long or asks too often. */
export async function serveInvite(
  session: Session,
  redeemer: Redeemer,
  deps: ServeDeps,
): Promise<void> {
  let subject: PeerKey;
  try {
    subject = readPeerCertificate(session.peerCertificate).peer;
  } catch (thrown) {
    session.close(errorText(thrown));
    return;
  }
  session.admit({ narrow: true });
  const exchange = openExchange(session);
  let stopQuiet = () => {};
  const giveUp = () => session.close(CloseReason.inviteFailed);
  const stopTimeout = deps.clock.setTimer(SESSION_TIMEOUT_MS, giveUp);
  const expectMore = (timeoutMs: number) => {
    stopQuiet();
    stopQuiet = deps.clock.setTimer(timeoutMs, giveUp);
  };
  expectMore(FIRST_REQUEST_TIMEOUT_MS);
  try {
    for (let count = 0; count < INVITE_REQUESTS_MAX; count++) {
      const bytes = await receive(exchange);
      if (bytes === null) return;
      const token = readRequest(bytes);
      if (token === null) {
        session.close(CloseReason.unexpectedMessage);
        return;
      }
      const body = await respond(token, subject, redeemer, deps);
      if (!exchange.send(Envelope.encode({ body }))) {
        exchange.send(Envelope.encode({ body: refusal(ANSWER_TOO_LARGE) }));
        deps.throttledLog.warn("invite refused", { peer: subject, reason: ANSWER_TOO_LARGE });
      }
      expectMore(REPETITION_TIMEOUT_MS);
    }
    session.close(CloseReason.inviteFailed);
  } finally {
    stopQuiet();
    stopTimeout();
  }
}

/** The next request; an empty one where it was too long to be one. */
async function receive(exchange: Exchange): Promise<Uint8Array | null> {
  try {
    return await exchange.receive();
  } catch {
    return new Uint8Array(0);
  }
}

function readRequest(bytes: Uint8Array): InviteToken | null {
  try {
    const { body } = Envelope.decode(bytes, { bytes: INVITE_MESSAGE_BYTES_MAX });
    return body?.kind === "inviteRedeemRequest" ? body.value.token ?? null : null;
  } catch {
    return null;
  }
}

async function respond(
  token: InviteToken,
  subject: PeerKey,
  redeemer: Redeemer,
  { log, throttledLog }: ServeDeps,
): Promise<NonNullable<Envelope["body"]>> {
  try {
    const joinToken = await redeemer.redeem(token, subject);
    log.info("invite redeemed", { peer: subject });
    return { kind: "inviteRedeemResponse", value: { accepted: true, reason: "", joinToken } };
  } catch (thrown) {
    const error = toPollenError(thrown);
    throttledLog.warn("invite refused", { peer: subject, reason: error.text });
    // A defect of ours or a full disk is no business of a stranger's.
    const reason = ["internal", "io", "permission_denied"].includes(error.code)
      ? "this node cannot redeem invites now"
      : error.message;
    return refusal(reason);
  }
}

function refusal(reason: string): NonNullable<Envelope["body"]> {
  return { kind: "inviteRedeemResponse", value: { accepted: false, reason } };
}
