// What a redeeming node gives to strangers: a join token, or the words why not, which are for them.

import type { OpenedRedemption } from "../auth/mod.ts";
import {
  InviteRedeemResponse,
  type InviteToken,
  type JoinToken,
  RedemptionFailure,
  SealedAnswer,
  type SealedRedemption,
} from "../proto/mod.ts";
import {
  INVITE_MESSAGE_BYTES_MAX,
  type LimitCounter,
  type Log,
  type LogThrottle,
  type PeerKey,
  toPollenError,
} from "../types/mod.ts";

/** Said instead of a join token that no message holds; the invite stays good for the same key. */
const ANSWER_TOO_LARGE = "the answer does not fit a message; use an invite with fewer addresses";

/** Turns an invite and the key that was proved into a join token; throws a PollenError that says why not. */
export interface Redeemer {
  /** The administrator's key that it redeems for. */
  readonly issuerPub: Uint8Array;
  /** Reads a request that is sealed to this key. */
  open(request: SealedRedemption): OpenedRedemption;
  /** The join token for `subject`; the same again when the same key asks again. */
  redeem(token: InviteToken, subject: PeerKey): Promise<JoinToken>;
}

export interface RespondDeps {
  readonly log: Log;
  /** Takes what a stranger can cause as often as it likes. */
  readonly throttledLog: LogThrottle;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
}

/** The answer to an invite in the hands of a key that was proved. Never throws. */
export async function respond(
  token: InviteToken,
  subject: PeerKey,
  redeemer: Redeemer,
  { log, throttledLog }: RespondDeps,
): Promise<InviteRedeemResponse> {
  try {
    const joinToken = await redeemer.redeem(token, subject);
    log.info("invite redeemed", { peer: subject });
    return { accepted: true, reason: "", joinToken };
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

/** Instead of an answer that finds no room. */
export function tooLarge(subject: PeerKey, { throttledLog }: RespondDeps): InviteRedeemResponse {
  throttledLog.warn("invite refused", { peer: subject, reason: ANSWER_TOO_LARGE });
  return refusal(ANSWER_TOO_LARGE);
}

/** The answer to a sealed request, sealed in turn. Never throws. */
export async function answerSealed(
  request: SealedRedemption,
  redeemer: Redeemer,
  deps: RespondDeps,
): Promise<SealedAnswer> {
  let opened: OpenedRedemption;
  try {
    opened = redeemer.open(request);
  } catch (thrown) {
    deps.throttledLog.warn("invite refused", { reason: toPollenError(thrown).text });
    return failed(RedemptionFailure.UNREADABLE);
  }
  const response = await respond(opened.token, opened.subject, redeemer, deps);
  const answer = sealedAnswer(opened, response);
  if (SealedAnswer.encode(answer).length <= INVITE_MESSAGE_BYTES_MAX) return answer;
  return sealedAnswer(opened, tooLarge(opened.subject, deps));
}

/** Instead of an answer that only its issuer can give. */
export function failed(failure: RedemptionFailure): SealedAnswer {
  return { sealed: new Uint8Array(0), failure };
}

function sealedAnswer(opened: OpenedRedemption, response: InviteRedeemResponse): SealedAnswer {
  return { sealed: opened.seal(response), failure: RedemptionFailure.UNSPECIFIED };
}

function refusal(reason: string): InviteRedeemResponse {
  return { accepted: false, reason, joinToken: undefined };
}
