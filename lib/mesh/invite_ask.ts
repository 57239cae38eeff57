// The newcomer's question and how it is answered: over pollen-invite/2 one sealed request, which
// arrives, and one sealed answer; over pollen-invite/1 the invite as it is, repeated because
// datagrams get lost.

import { type IdentityKey, sealRedemption } from "../auth/mod.ts";
import {
  Envelope,
  type InviteRedeemResponse,
  type InviteToken,
  type JoinToken,
  SealedAnswer,
  SealedRedemption,
} from "../proto/mod.ts";
import {
  type Clock,
  INVITE_MESSAGE_BYTES_MAX,
  PollenError,
  type Random,
  type Session,
} from "../types/mod.ts";
import { type Exchange, openExchange } from "./invite_exchange.ts";
import { foreignAnswer, notPassedOn, refused } from "./invite_failures.ts";
import { ALPN_INVITE_2 } from "./protocol.ts";

/** How long an answer may take: of the issuer itself (pollen/1), and of one who has to ask it. */
const ANSWER_TIMEOUT_MS = 3_000;
const FORWARDED_ANSWER_TIMEOUT_MS = 4_000;
/** The request is repeated this often where it may get lost; five times in all. */
const REPEAT_MS = 600;

export interface AskDeps {
  /** The key that asks. */
  readonly identity: IdentityKey;
  readonly clock: Clock;
  readonly random: Random;
}

interface Question {
  readonly request: Uint8Array;
  readonly timeoutMs: number;
  /** The answer in a message; null when that is none. Throws what the message says against one. */
  read(message: Uint8Array): InviteRedeemResponse | null;
}

/**
 * Asks on an admitted session.
 *
 * @throws {PollenError} `refused` with the issuer's word; `too_large`, `timeout`, `unreachable`,
 *   `cancelled`; what stands for a request that was not passed on.
 */
export async function askForToken(
  deps: AskDeps,
  session: Session,
  token: InviteToken,
  signal: AbortSignal,
): Promise<JoinToken> {
  const { request, read, timeoutMs } = session.alpn === ALPN_INVITE_2
    ? sealedQuestion(deps, token)
    : openQuestion(deps, token);
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
    deps.clock.setTimer(timeoutMs, () =>
      failWith(
        new PollenError("timeout", "The node that is to redeem the invite does not answer.", {
          fix: "Check that its daemon runs and that it may issue invites, then try again.",
        }),
      )),
  );
  const onAbort = () => failWith(new PollenError("cancelled", "Joining was interrupted."));
  signal.addEventListener("abort", onAbort, { once: true });
  timers.defer(() => signal.removeEventListener("abort", onAbort));
  repeat();
  return await Promise.race([failure, answer(session, exchange, read)]);
}

async function answer(
  session: Session,
  exchange: Exchange,
  read: Question["read"],
): Promise<JoinToken> {
  for (let bytes; (bytes = await exchange.receive()) !== null;) {
    const response = read(bytes);
    if (response === null) continue;
    const { accepted, reason, joinToken } = response;
    if (accepted && joinToken !== undefined) return joinToken;
    throw refused(reason);
  }
  const end = await session.closed;
  throw new PollenError(
    "unreachable",
    `The node that is to redeem the invite closed the connection: ${end.reason || end.kind}.`,
    { fix: "Check that it may issue invites, then try again." },
  );
}

/** The question that only the issuer can read. */
export function sealedQuestion(
  { identity, random }: Omit<AskDeps, "clock">,
  token: InviteToken,
): Question {
  const sent = sealRedemption(token, identity, random);
  return {
    request: SealedRedemption.encode(sent.request),
    timeoutMs: FORWARDED_ANSWER_TIMEOUT_MS,
    read(message) {
      const { sealed, failure } = SealedAnswer.decode(message, { bytes: INVITE_MESSAGE_BYTES_MAX });
      if (sealed.length === 0) throw notPassedOn(failure);
      const response = sent.open(sealed);
      if (response === null) throw foreignAnswer();
      return response;
    },
  };
}

function openQuestion({ identity }: AskDeps, token: InviteToken): Question {
  const value = { token, subjectPub: identity.publicKey };
  return {
    request: Envelope.encode({ body: { kind: "inviteRedeemRequest", value } }),
    timeoutMs: ANSWER_TIMEOUT_MS,
    read(message) {
      const { body } = Envelope.decode(message, { bytes: INVITE_MESSAGE_BYTES_MAX });
      return body?.kind === "inviteRedeemResponse" ? body.value : null;
    },
  };
}
