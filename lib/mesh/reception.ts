// Who comes to us: members, who get their verdict here, and strangers with an invite.

import {
  type Clock,
  type Engine,
  errorText,
  type LimitCounter,
  type Log,
  type LogThrottle,
  type Session,
  showAddress,
  type Tasks,
} from "../types/mod.ts";
import { refusalText } from "./ends.ts";
import { serveInvite } from "./invite_serve.ts";
import { InviteSlots } from "./invite_slots.ts";
import { ALPN_INVITE_1, ALPN_INVITE_2, CloseReason } from "./protocol.ts";
import type { Redeemer } from "./redeemer.ts";
import type { Redemptions } from "./redemptions.ts";
import type { Sessions } from "./sessions.ts";
import type { Verdict } from "./verdict.ts";

export interface ReceptionOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  /** For what others can cause as often as they like. */
  readonly throttledLog: LogThrottle;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  readonly tasks: Tasks;
  readonly verdict: Verdict;
  readonly sessions: Sessions;
  readonly redeemer: Redeemer | null;
  readonly redemptions: Redemptions;
}

export class Reception {
  readonly #options: ReceptionOptions;
  readonly #inviteSlots = new InviteSlots();

  constructor(options: ReceptionOptions) {
    this.#options = options;
  }

  /** Takes sessions until the engine is closed. */
  async run(): Promise<void> {
    for (let session; (session = await this.#options.engine.accept()) !== null;) {
      const isInvite = session.alpn === ALPN_INVITE_1 || session.alpn === ALPN_INVITE_2;
      if (isInvite) this.#takeInvite(session);
      else this.#takeMember(session);
    }
  }

  #takeMember(session: Session): void {
    const { verdict, sessions, throttledLog } = this.#options;
    try {
      sessions.admit(verdict.member(session, null), session);
    } catch (thrown) {
      const reason = errorText(thrown);
      const address = showAddress(session.remoteAddress);
      throttledLog.warn("refused a connection", { address, reason });
      session.close(refusalText(reason));
    }
  }

  #takeInvite(session: Session): void {
    const leave = this.#inviteSlots.enter(session.remoteAddress.ip);
    if (leave === null) {
      this.#options.limits.count("invite_sessions");
      return session.close(CloseReason.inviteFailed);
    }
    this.#options.tasks.run(serveInvite(session, this.#options).finally(leave));
  }
}
