// Strangers who come with an invite: each has a session of its own, for a bounded time and number of
// requests.

import { Envelope, type InviteToken, SealedAnswer, SealedRedemption } from "../proto/mod.ts";
import {
  type Clock,
  errorText,
  HANDSHAKE_TIMEOUT_MS,
  INVITE_MESSAGE_BYTES_MAX,
  INVITE_REQUESTS_MAX,
  type PeerKey,
  type Session,
} from "../types/mod.ts";
import { readPeerCertificate } from "./certificate.ts";
import { type Exchange, openExchange } from "./invite_exchange.ts";
import { ALPN_INVITE_2, CloseReason } from "./protocol.ts";
import { type Redeemer, respond, type RespondDeps, tooLarge } from "./redeemer.ts";
import type { Redemptions } from "./redemptions.ts";

/** How long the answering side waits for the first request: its sender may be a slow machine. */
const FIRST_REQUEST_TIMEOUT_MS = HANDSHAKE_TIMEOUT_MS;
/** How long it waits for a repetition: those come every 600 ms. */
const REPETITION_TIMEOUT_MS = 3_000;
/** How long it keeps a session at all: an invite is redeemed in a second or two once it is asked for. */
const SESSION_TIMEOUT_MS = 2 * HANDSHAKE_TIMEOUT_MS;

/** What answering takes. */
export interface ServeDeps extends RespondDeps {
  readonly clock: Clock;
  /** Redeems what comes over pollen-invite/1; null where no administrator's key is. */
  readonly redeemer: Redeemer | null;
  /** Answers what comes over pollen-invite/2. */
  readonly redemptions: Redemptions;
}

/** Answers one stranger's session until it goes, is quiet for too long, stays too long or asks too often. */
export async function serveInvite(session: Session, deps: ServeDeps): Promise<void> {
  let subject: PeerKey;
  try {
    subject = readPeerCertificate(session.peerCertificate).peer;
  } catch (thrown) {
    session.close(errorText(thrown));
    return;
  }
  session.admit({ narrow: true });
  const exchange = openExchange(session);
  const answer = session.alpn === ALPN_INVITE_2 ? answerClosed : answerOpen;
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
      if (!await answer(bytes, exchange, deps, subject)) {
        session.close(CloseReason.unexpectedMessage);
        return;
      }
      expectMore(REPETITION_TIMEOUT_MS);
    }
    deps.limits.count("invite_requests");
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

/** Answers a sealed request; false for what is none. */
async function answerClosed(
  bytes: Uint8Array,
  exchange: Exchange,
  { redemptions }: ServeDeps,
): Promise<boolean> {
  let request: SealedRedemption;
  try {
    request = SealedRedemption.decode(bytes, { bytes: INVITE_MESSAGE_BYTES_MAX });
  } catch {
    return false;
  }
  // A member's word may be too long to be passed on; then there is none.
  return exchange.send(SealedAnswer.encode(await redemptions.answer(request)));
}

/** Answers an invite in the clear; false for what is none. */
async function answerOpen(
  bytes: Uint8Array,
  exchange: Exchange,
  deps: ServeDeps,
  subject: PeerKey,
): Promise<boolean> {
  const token = readRequest(bytes);
  if (token === null || deps.redeemer === null) return false;
  const send = (value: Awaited<ReturnType<typeof respond>>) =>
    exchange.send(Envelope.encode({ body: { kind: "inviteRedeemResponse", value } }));
  if (!send(await respond(token, subject, deps.redeemer, deps))) send(tooLarge(subject, deps));
  return true;
}

function readRequest(bytes: Uint8Array): InviteToken | null {
  try {
    const { body } = Envelope.decode(bytes, { bytes: INVITE_MESSAGE_BYTES_MAX });
    return body?.kind === "inviteRedeemRequest" ? body.value.token ?? null : null;
  } catch {
    return null;
  }
}
