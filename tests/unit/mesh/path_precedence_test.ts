// Relayed and direct paths of one session: which is left for which, when, and what is tried in between.

import { deepEqual, equal } from "node:assert/strict";
import { PathChoice, type PathOutput } from "../../../lib/mesh/path_choice.ts";
import { type MonotonicMs, relayWay, type SocketAddress } from "../../../lib/types/mod.ts";

const at = (ms: number) => ms as MonotonicMs;
const HOME: SocketAddress = { ip: "192.0.2.1", port: 60_611 };
const AWAY: SocketAddress = { ip: "192.0.2.2", port: 60_611 };
const FIRST = relayWay(1);
const SECOND = relayWay(2);

/** Traffic of a session, second by second, and looked at twice in each. */
class Session {
  #sent = 0;
  #received = 0;
  second = 0;

  constructor(readonly choice: PathChoice, readonly candidates: readonly SocketAddress[]) {}

  get now(): MonotonicMs {
    return at(this.second * 1_000);
  }

  /** A second goes by, in which it sends, all the time or at first, and hears something or does not. */
  next(
    { isHeard, sends = true }: { readonly isHeard: boolean; readonly sends?: boolean | "once" },
  ) {
    return [0.5, 1].flatMap((part) => {
      this.second += 0.5;
      if (sends === true || sends === "once" && part < 1) this.#sent++;
      if (isHeard) this.#received++;
      const traffic = { bytesSent: this.#sent, bytesReceived: this.#received };
      return this.choice.tick(this.now, traffic, () => this.candidates);
    });
  }

  /** The peer answers what it was asked at this address. */
  answer(outputs: readonly PathOutput[], from: SocketAddress): PathOutput[] {
    const question = outputs.find((output) => output.kind === "ask" && output.to === from);
    if (question?.kind !== "ask") throw new Error("it was not asked there");
    return this.choice.answered(this.now, from, question.number);
  }
}

function asked(outputs: readonly PathOutput[]): SocketAddress[] {
  return outputs.flatMap((output) => output.kind === "ask" ? [output.to] : []);
}

Deno.test("while the path is relayed direct addresses are asked, ever less often, and one answer is enough", () => {
  const session = new Session(new PathChoice(at(0), FIRST), [SECOND, HOME, AWAY]);
  const seconds: number[] = [];
  let outputs: PathOutput[] = [];
  while (session.second < 66) {
    const asks = session.next({ isHeard: true });
    if (asks.length === 0) continue;
    deepEqual(asked(asks), [HOME, AWAY]);
    seconds.push(session.second);
    outputs = asks;
  }
  deepEqual(seconds, [1, 2, 4, 8, 16, 32, 64]);
  deepEqual(session.answer(outputs, AWAY), [{ kind: "move", to: AWAY }]);
  session.second = 70;
  deepEqual(session.next({ isHeard: true }), []);
});

Deno.test("packets that still come over the relay move a direct path nowhere", () => {
  const choice = new PathChoice(at(0), HOME);
  const [question] = choice.strayed(at(10), FIRST);
  deepEqual(asked([question!]), [HOME], "it is asked whether the direct path still carries");
  deepEqual(choice.answered(at(20), HOME, (question as { number: bigint }).number), []);
  equal(choice.isSilent, false);
  // Even if the carrier was asked before, for another reason.
  const outputs = choice.shaken(at(30), [FIRST]);
  const [, relayed] = outputs as { number: bigint }[];
  choice.questioned(at(40), FIRST, 1n);
  deepEqual(choice.answered(at(50), FIRST, relayed!.number), []);
  deepEqual(choice.current, HOME);
});

Deno.test("a direct path on which only the peer is heard is left, because it does not answer", () => {
  const session = new Session(new PathChoice(at(0), HOME), [FIRST]);
  session.next({ isHeard: true });
  session.choice.strayed(session.now, FIRST);
  // What it hears comes over the relay.
  const outputs = session.next({ isHeard: true });
  deepEqual(asked(outputs), [HOME, FIRST]);
  deepEqual(session.answer(outputs, FIRST), []);
  const [move] = session.next({ isHeard: true });
  deepEqual(move, { kind: "move", to: FIRST });
});

Deno.test("a direct path goes silent: what answers over a relay is taken in the next second", () => {
  const session = new Session(new PathChoice(at(0), HOME), [FIRST]);
  session.next({ isHeard: true });
  const outputs = session.next({ isHeard: false });
  deepEqual(asked(outputs), [HOME, FIRST]);
  deepEqual(session.answer(outputs, FIRST), []);
  const [move] = session.next({ isHeard: false, sends: false });
  deepEqual(move, { kind: "move", to: FIRST });
  // It is asked again like any other.
  const again = session.next({ isHeard: true });
  deepEqual(asked(again), []);
  session.choice.suggested(session.now, HOME);
});

Deno.test("silence that ends at once leaves everything as it is", () => {
  const session = new Session(new PathChoice(at(0), HOME), [FIRST]);
  session.next({ isHeard: true });
  const outputs = session.next({ isHeard: false, sends: "once" });
  session.answer(outputs, FIRST);
  session.answer(outputs, HOME);
  deepEqual(session.next({ isHeard: false, sends: false }), []);
  deepEqual(session.next({ isHeard: true }), []);
  deepEqual(session.choice.current, HOME);
});

Deno.test("a path that answers and carries nothing is left within three seconds, and not taken again soon", () => {
  const session = new Session(new PathChoice(at(0), HOME), [FIRST]);
  session.next({ isHeard: true });
  const first = session.next({ isHeard: false });
  session.answer(first, HOME);
  session.answer(first, FIRST);
  const [move] = session.next({ isHeard: false });
  deepEqual(move, { kind: "move", to: FIRST });
  equal(session.second, 3);
  // The direct address goes on to answer.
  for (let second = 0; second < 30; second++) session.next({ isHeard: true });
  const [question] = session.choice.suggested(session.now, HOME);
  const { number } = question as { number: bigint };
  deepEqual(session.choice.answered(session.now, HOME, number), []);
  // After a minute it gets another chance.
  session.second += 60;
  const [later] = session.choice.suggested(session.now, HOME);
  deepEqual(session.choice.answered(session.now, HOME, (later as { number: bigint }).number), [
    { kind: "move", to: HOME },
  ]);
});

Deno.test("when a carrier goes the other one is taken at once, and the peer follows", () => {
  const session = new Session(new PathChoice(at(0), FIRST), [FIRST, SECOND]);
  session.next({ isHeard: true });
  const outputs = session.next({ isHeard: false });
  deepEqual(asked(outputs), [FIRST, SECOND]);
  deepEqual(session.answer(outputs, SECOND), [{ kind: "move", to: SECOND }]);

  const other = new PathChoice(at(0), FIRST);
  const [, question] = other.questioned(at(10), SECOND, 1n);
  const { number } = question as { number: bigint };
  deepEqual(other.answered(at(20), SECOND, number), [{ kind: "move", to: SECOND }]);
});

Deno.test("a suggestion is followed only where it may be better", () => {
  const direct = new PathChoice(at(0), HOME);
  deepEqual(direct.suggested(at(1), AWAY), []);
  deepEqual(direct.suggested(at(1), FIRST), []);
  const relayed = new PathChoice(at(0), FIRST);
  deepEqual(asked(relayed.suggested(at(1), SECOND)), []);
  deepEqual(asked(relayed.suggested(at(1), HOME)), [HOME]);
  let questions = 0;
  for (let index = 0; index < 1_000; index++) {
    questions += asked(relayed.suggested(at(2), { ip: `192.0.2.${index % 250}`, port: 9 })).length;
  }
  equal(questions <= 8, true, `${questions} questions`);
});
