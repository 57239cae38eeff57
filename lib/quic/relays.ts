// Relayed flows: the ends that an engine has of some, and those that it carries. The library moves
// their packets; here they are opened, counted and closed.

import {
  type Carried,
  CARRIED_BYTES_PER_SECOND_MAX,
  CARRIED_BYTES_PER_SECOND_MIN,
  CARRIED_FLOWS_MAX,
  type CarriedLimit,
  PollenError,
  readWay,
  RELAY_FLOW_MAX,
  RELAY_KEY_BYTES,
  RELAY_TAG_BYTES,
  RELAYED_WAYS_MAX,
  type RelayedWay,
  type RelayLeg,
  type RelayStats,
  relayWay,
  type Session,
} from "../types/mod.ts";
import type { NativeEngine } from "./native_engine.ts";
import { concat, encodeNumber, Operation } from "./records.ts";
import { QuicSession } from "./session.ts";

const NO_STATS: RelayStats = { packets: 0, bytes: 0, dropped: 0 };

export class Relays {
  readonly #native: NativeEngine;
  readonly #flows = new Map<number, Flow>();
  /** Of all open legs. */
  readonly #receiveTags = new Set<string>();
  #carried = 0;
  #lastNumber = 0;

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  /** See `Engine.openRelay`. */
  open(leg: RelayLeg): RelayedWay {
    if (this.#flows.size - this.#carried >= RELAYED_WAYS_MAX) throw tooMany("relayed ways");
    const [session] = this.#check([leg]);
    const flow = this.#add([leg]);
    this.#native.command(Operation.openRelay, {
      a: session!.handle,
      b: flow.number,
      bytes: encodeKeys(leg),
    });
    return flow;
  }

  /** See `Engine.carry`. */
  carry(a: RelayLeg, b: RelayLeg, { bytesPerSecond }: CarriedLimit): Carried {
    if (this.#carried >= CARRIED_FLOWS_MAX) throw tooMany("carried flows");
    checkRate(bytesPerSecond);
    const [one, other] = this.#check([a, b]);
    const flow = this.#add([a, b]);
    this.#carried++;
    this.#native.command(Operation.carry, {
      a: one!.handle,
      b: flow.number,
      s: bytesPerSecond,
      bytes: concat([encodeKeys(a), encodeNumber(other!.handle), encodeKeys(b)]),
    });
    return flow;
  }

  /** Its legs end with it. */
  sessionEnded(session: Session): void {
    for (const flow of [...this.#flows.values()]) {
      if (flow.legs.some((leg) => leg.session === session)) flow.close();
    }
  }

  #check(legs: readonly RelayLeg[]): QuicSession[] {
    const tags = legs.map(({ receiveTag }) => receiveTag.toHex());
    if (new Set(tags).size < tags.length || tags.some((tag) => this.#receiveTags.has(tag))) {
      throw new PollenError("invalid_argument", "The tag of a leg is that of another one.");
    }
    return legs.map((leg) => {
      checkKeys(leg);
      const { session } = leg;
      if (!(session instanceof QuicSession) || session.native !== this.#native) {
        throw new PollenError("invalid_argument", "The session of a leg is of another engine.");
      }
      if (session.hasEnded) throw new PollenError("closed", "The session of the leg has ended.");
      if (!session.isAdmitted) {
        throw new PollenError("failed_precondition", "The session of the leg is not admitted yet.");
      }
      if (readWay(session.remoteAddress)?.kind === "relay") {
        throw new PollenError("invalid_argument", "The session of a leg is relayed itself.");
      }
      return session;
    });
  }

  #add(legs: readonly RelayLeg[]): Flow {
    do this.#lastNumber = this.#lastNumber % RELAY_FLOW_MAX + 1; while (
      this.#flows.has(this.#lastNumber)
    );
    const flow = new Flow(this.#native, this.#lastNumber, legs, () => this.#remove(flow));
    this.#flows.set(flow.number, flow);
    for (const leg of legs) this.#receiveTags.add(leg.receiveTag.toHex());
    return flow;
  }

  #remove(flow: Flow): void {
    this.#flows.delete(flow.number);
    for (const leg of flow.legs) this.#receiveTags.delete(leg.receiveTag.toHex());
    if (flow.legs.length === 2) this.#carried--;
  }
}

class Flow implements RelayedWay, Carried {
  readonly address;
  readonly #native: NativeEngine;
  readonly #closed: () => void;
  #isOpen = true;
  #lastStats = NO_STATS;

  constructor(
    native: NativeEngine,
    readonly number: number,
    readonly legs: readonly RelayLeg[],
    closed: () => void,
  ) {
    this.#native = native;
    this.#closed = closed;
    this.address = relayWay(number);
  }

  stats(): RelayStats {
    if (this.#isOpen) this.#lastStats = this.#native.relayStats(this.number) ?? this.#lastStats;
    return this.#lastStats;
  }

  setLimit({ bytesPerSecond }: CarriedLimit): void {
    checkRate(bytesPerSecond);
    if (!this.#isOpen) return;
    this.#native.command(Operation.limitCarried, { b: this.number, s: bytesPerSecond });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.stats();
    this.#isOpen = false;
    this.#native.command(Operation.closeRelay, { b: this.number });
    this.#closed();
  }
}

function checkRate(bytesPerSecond: number): void {
  const isRate = bytesPerSecond >= CARRIED_BYTES_PER_SECOND_MIN &&
    bytesPerSecond <= CARRIED_BYTES_PER_SECOND_MAX;
  if (isRate) return;
  throw new PollenError(
    "invalid_argument",
    `A carried flow has ${CARRIED_BYTES_PER_SECOND_MIN} to ${CARRIED_BYTES_PER_SECOND_MAX} bytes per second.`,
  );
}

function checkKeys({ sendTag, sendKey, receiveTag, receiveKey }: RelayLeg): void {
  const isGood = [sendTag, receiveTag].every(({ length }) => length === RELAY_TAG_BYTES) &&
    [sendKey, receiveKey].every(({ length }) => length === RELAY_KEY_BYTES);
  if (isGood) return;
  throw new PollenError(
    "invalid_argument",
    `A leg has tags of ${RELAY_TAG_BYTES} bytes and keys of ${RELAY_KEY_BYTES}.`,
  );
}

function encodeKeys({ sendTag, sendKey, receiveTag, receiveKey }: RelayLeg): Uint8Array {
  return concat([sendTag, sendKey, receiveTag, receiveKey]);
}

function tooMany(what: string): PollenError {
  return new PollenError("exhausted", `The engine has as many ${what} as it may.`);
}
