// Requests to redeem an invite, sealed to its issuer: a node that is the issuer's answers them, any
// other passes them on to a member that says it is, each on a stream of its own, and the answer back.
//
// Invariants: a request goes one step, from the node that a stranger reached to the issuer's; what a
// member can make another one do is bounded in rate and number, whatever strangers do.

import { RedemptionFailure, SealedAnswer, SealedRedemption } from "../proto/mod.ts";
import {
  Capability,
  type Clock,
  INVITE_MESSAGE_BYTES_MAX,
  type PeerKey,
  PeerRateLimiter,
  PollenError,
  redeemingFor,
  REDEMPTION_CLAIMANTS_MAX,
  REDEMPTION_PAUSE_MS,
  REDEMPTIONS_AT_ONCE_MAX,
  REDEMPTIONS_PENDING_MAX,
  type Session,
  type Stream,
  StreamCode,
  streamHead,
  StreamKind,
} from "../types/mod.ts";
import { framed } from "./framing.ts";
import { StreamExchange } from "./invite_exchange.ts";
import { answerSealed, failed, type Redeemer, type RespondDeps } from "./redeemer.ts";

/** How long the issuer may take. The stranger waits a second more. */
const FORWARD_TIMEOUT_MS = 3_000;

export interface RedemptionsDeps extends RespondDeps {
  /** The network of this node: 32 bytes. */
  readonly clusterId: Uint8Array;
  /** Null where no administrator's key is. */
  readonly redeemer: Redeemer | null;
  readonly clock: Clock;
  /** Peers of pollen/2 whose hello named this capability, with their sessions. */
  peersWith(capability: string): (readonly [PeerKey, Session])[];
}

export class Redemptions {
  readonly #deps: RedemptionsDeps;
  /** What is asked of each peer, and what each peer asks of us. */
  readonly #asked: PeerRateLimiter;
  readonly #asking: PeerRateLimiter;
  #pending = 0;

  constructor(deps: RedemptionsDeps) {
    this.#deps = deps;
    const rate = () =>
      new PeerRateLimiter(
        REDEMPTIONS_AT_ONCE_MAX,
        REDEMPTION_PAUSE_MS,
        () => deps.limits.count("redemption_requests"),
      );
    this.#asked = rate();
    this.#asking = rate();
  }

  /** What peers are told of this node. */
  get capabilities(): string[] {
    const { redeemer } = this.#deps;
    const own = redeemer === null ? [] : [redeemingFor(redeemer.issuerPub)];
    return [Capability.forwardInvites, ...own];
  }

  /** The answer to a stranger's request, by this node or by another one. Never throws. */
  async answer(request: SealedRedemption): Promise<SealedAnswer> {
    if (this.#isForeign(request)) return failed(RedemptionFailure.FOREIGN_NETWORK);
    if (this.#isOurs(request)) return await answerSealed(request, this.#deps.redeemer!, this.#deps);
    const claimants = this.#deps.peersWith(redeemingFor(request.issuerPub)).slice(
      0,
      REDEMPTION_CLAIMANTS_MAX,
    );
    if (claimants.length === 0) return failed(RedemptionFailure.UNKNOWN_ISSUER);
    const answers = claimants.map(([peer, session]) => this.#ask(peer, session, request));
    try {
      return await Promise.any(answers.map(demandSealed));
    } catch {
      // No issuer's word: of the others' the first is as good as any.
      return await answers[0]!;
    }
  }

  /** Answers what a member passes on, on a stream that it opened for this. Never throws. */
  async serve(peer: PeerKey, stream: Stream): Promise<void> {
    if (this.#pending >= REDEMPTIONS_PENDING_MAX) {
      this.#deps.limits.count("redemptions_pending");
      return stream.abort(StreamCode.tooMany);
    }
    this.#pending++;
    const stopTimer = this.#deps.clock.setTimer(FORWARD_TIMEOUT_MS, () => stream.abort());
    try {
      const exchange = new StreamExchange(stream);
      const request = await exchange.receive();
      if (request === null) return stream.abort();
      await stream.write(framed(SealedAnswer.encode(await this.#answerFor(peer, request))));
      stream.finish();
      // Until the other end has closed its direction too, the answer may still be on its way.
      await exchange.receive();
    } catch {
      stream.abort(); // What was sent is no request, or too long to be one.
    } finally {
      stopTimer();
      this.#pending--;
    }
  }

  async #answerFor(peer: PeerKey, bytes: Uint8Array): Promise<SealedAnswer> {
    if (!this.#asking.allow(peer, this.#deps.clock.monotonicNow())) {
      return failed(RedemptionFailure.BUSY);
    }
    const request = SealedRedemption.decode(bytes, { bytes: INVITE_MESSAGE_BYTES_MAX });
    if (this.#isForeign(request)) return failed(RedemptionFailure.FOREIGN_NETWORK);
    return this.#isOurs(request)
      ? await answerSealed(request, this.#deps.redeemer!, this.#deps)
      : failed(RedemptionFailure.UNKNOWN_ISSUER);
  }

  #isForeign({ clusterId }: SealedRedemption): boolean {
    if (clusterId.toHex() === this.#deps.clusterId.toHex()) return false;
    this.#deps.throttledLog.warn("invite refused", { reason: "it is of another network" });
    return true;
  }

  #isOurs({ issuerPub }: SealedRedemption): boolean {
    const { redeemer } = this.#deps;
    return redeemer !== null && redeemingFor(issuerPub) === redeemingFor(redeemer.issuerPub);
  }

  /** A peer's answer; never throws. */
  async #ask(peer: PeerKey, session: Session, request: SealedRedemption): Promise<SealedAnswer> {
    const { clock } = this.#deps;
    if (!this.#asked.allow(peer, clock.monotonicNow())) return failed(RedemptionFailure.BUSY);
    const giveUp = new AbortController();
    const stopTimer = clock.setTimer(FORWARD_TIMEOUT_MS, () => giveUp.abort());
    let stream: Stream | null = null;
    try {
      stream = await session.openStream({ signal: giveUp.signal });
      giveUp.signal.addEventListener("abort", () => stream!.abort(), { once: true });
      await stream.write(streamHead(StreamKind.redemption, 0));
      await stream.write(framed(SealedRedemption.encode(request)));
      stream.finish();
      const answer = await new StreamExchange(stream).receive();
      return answer === null
        ? failed(RedemptionFailure.UNANSWERED)
        : SealedAnswer.decode(answer, { bytes: INVITE_MESSAGE_BYTES_MAX });
    } catch {
      return failed(RedemptionFailure.UNANSWERED);
    } finally {
      stopTimer();
      stream?.abort();
    }
  }
}

async function demandSealed(answering: Promise<SealedAnswer>): Promise<SealedAnswer> {
  const answer = await answering;
  if (answer.sealed.length > 0) return answer;
  throw new PollenError("failed_precondition", "This is no issuer's answer.");
}
