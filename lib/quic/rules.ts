// The rules that the engine follows without asking, and the bridges that begin by them. A rule is
// known here until the engine says that nothing begins by it any more.

import {
  type Bridge,
  PollenError,
  type Rule,
  type RuleOwner,
  type ServeRule,
  type Session,
  type TcpTarget,
} from "../types/mod.ts";
import type { NativeEngine } from "./native_engine.ts";
import {
  concat,
  encodeAddress,
  encodeNumber,
  encodeSized,
  type EventRecord,
  Operation,
} from "./records.ts";
import { QuicSession } from "./session.ts";

/** The longest head that a rule can match or write: no protocol gathers more. */
const HEAD_BYTES_MAX = 64;
const BRIDGES_MAX = 0xffff_ffff;

export class Rules {
  readonly #native: NativeEngine;
  readonly #owners = new Map<number, RuleOwner>();
  /** What a route that is gone tells the session to which it led. */
  readonly #leaving = new Map<number, () => void>();

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  route(listener: number, session: QuicSession, head: Uint8Array, owner: RuleOwner): Rule {
    const bytes = concat([bound(owner), checkedHead(head)]);
    const rule = this.#add(owner);
    this.#leaving.set(rule.tag, session.occupy());
    const order = { a: listener, b: rule.tag, s: session.handle, bytes };
    this.#native.command(Operation.route, order);
    return rule;
  }

  serve(head: Uint8Array, targets: readonly TcpTarget[], owner: RuleOwner): ServeRule {
    const parts = [bound(owner), encodeSized(checkedHead(head)), ...targets.map(encodeAddress)];
    const rule = this.#add(owner);
    this.#native.command(Operation.serve, { b: rule.tag, bytes: concat(parts) });
    return rule;
  }

  /** A bridge began by a rule. */
  began(rule: number, bridge: Bridge, session: Session): void {
    this.#owners.get(rule)?.began(bridge, session);
  }

  refused({ tag, x }: EventRecord): void {
    this.#owners.get(tag)?.refused(x);
  }

  withdrawn({ tag }: EventRecord): void {
    this.#owners.delete(tag);
    this.#leaving.get(tag)?.();
    this.#leaving.delete(tag);
  }

  #add(owner: RuleOwner): QuicRule {
    const rule = new QuicRule(this.#native, this.#native.nextTag());
    this.#owners.set(rule.tag, owner);
    return rule;
  }
}

class QuicRule implements ServeRule {
  readonly tag: number;
  readonly #native: NativeEngine;
  #isWithdrawn = false;

  constructor(native: NativeEngine, tag: number) {
    this.#native = native;
    this.tag = tag;
  }

  allow(session: Session): void {
    if (!(session instanceof QuicSession) || session.native !== this.#native) {
      throw new PollenError("invalid_argument", "The session does not belong to this engine.");
    }
    if (session.hasEnded || this.#isWithdrawn) return;
    this.#native.command(Operation.allow, { a: session.handle, b: this.tag });
  }

  withdraw(): void {
    if (this.#isWithdrawn) return;
    this.#isWithdrawn = true;
    this.#native.command(Operation.withdrawRule, { b: this.tag });
  }
}

function bound({ bridgesMax }: RuleOwner): Uint8Array {
  if (!Number.isInteger(bridgesMax) || bridgesMax < 0 || bridgesMax > BRIDGES_MAX) {
    throw new PollenError("invalid_argument", "A rule is bounded by a whole number of bridges.");
  }
  return encodeNumber(bridgesMax);
}

function checkedHead(head: Uint8Array): Uint8Array {
  if (head.length <= HEAD_BYTES_MAX) return head;
  throw new PollenError("too_large", `The head of a rule has at most ${HEAD_BYTES_MAX} bytes.`);
}
