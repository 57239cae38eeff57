// Which path a session takes: only one that answered, and not more questions than allowed.

import { deepEqual, equal } from "node:assert/strict";
import { LOOK_MS } from "../../../lib/mesh/hearing.ts";
import { PathChoice, type PathOutput } from "../../../lib/mesh/path_choice.ts";
import {
  type MonotonicMs,
  PATH_CANDIDATES_MAX,
  relayWay,
  type SocketAddress,
} from "../../../lib/types/mod.ts";

const at = (ms: number) => ms as MonotonicMs;
const place = (host: number): SocketAddress => ({ ip: `192.0.2.${host}`, port: 60_611 });
const HOME = place(1);
const AWAY = place(2);
const LAN = place(3);
const nobody = () => [];

function asked(outputs: readonly PathOutput[]): { to: SocketAddress; number: bigint }[] {
  return outputs.flatMap((output) => output.kind === "ask" ? [output] : []);
}

/** A session that heard something in its first second, and then sends in vain. */
function silenced(): PathChoice {
  const choice = new PathChoice(at(0), HOME);
  choice.tick(at(1_000), { bytesSent: 10, bytesReceived: 10 }, nobody);
  deepEqual(choice.tick(at(1_500), { bytesSent: 20, bytesReceived: 10 }, () => [LAN]), []);
  return choice;
}

Deno.test("an idle session asks nothing, and neither does one that hears something", () => {
  const choice = new PathChoice(at(0), HOME);
  for (let second = 1; second < 100; second++) {
    deepEqual(choice.tick(at(second * 1_000), { bytesSent: 0, bytesReceived: 0 }, () => [LAN]), []);
  }
  for (let second = 100; second < 200; second++) {
    const traffic = { bytesSent: second, bytesReceived: second };
    deepEqual(choice.tick(at(second * 1_000), traffic, () => [LAN]), []);
  }
});

Deno.test("an idle session asks its direct path every two seconds where a router forgets it", () => {
  const choice = new PathChoice(at(0), HOME);
  const idle = { bytesSent: 0, bytesReceived: 0 };
  const options = { isForgotten: true };
  const moments: number[] = [];
  for (let ms = LOOK_MS; ms <= 60_000; ms += LOOK_MS) {
    const outputs = choice.tick(at(ms), idle, () => [LAN], options);
    deepEqual(asked(outputs).map(({ to }) => to), outputs.length === 0 ? [] : [HOME]);
    if (outputs.length > 0) moments.push(ms);
    // Whether it is answered makes no difference.
    if (ms < 30_000) {
      for (const { number } of asked(outputs)) choice.answered(at(ms), HOME, number);
    }
    equal(choice.isSilent, false);
  }
  deepEqual(moments, Array.from({ length: 30 }, (_, index) => (index + 1) * 2_000));
  // Whatever goes over it keeps it as well: an answer, or packets of the session.
  deepEqual(choice.questioned(at(61_000), HOME, 1n).map(({ kind }) => kind), ["answer"]);
  deepEqual(choice.tick(at(62_000), idle, nobody, options), []);
  const used = (ms: number) => ({ bytesSent: ms, bytesReceived: ms });
  for (let ms = 62_500; ms < 70_000; ms += LOOK_MS) {
    deepEqual(choice.tick(at(ms), used(ms), nobody, options), []);
  }
  // A relayed one rests on another session, which is kept itself.
  const relayed = new PathChoice(at(0), relayWay(1));
  for (let ms = LOOK_MS; ms <= 60_000; ms += LOOK_MS) {
    deepEqual(relayed.tick(at(ms), idle, nobody, options), []);
  }
});

Deno.test("a silent path is asked each second, and all that is known besides, until one answers", () => {
  const choice = silenced();
  const first = choice.tick(at(2_000), { bytesSent: 20, bytesReceived: 10 }, () => [LAN, AWAY]);
  deepEqual(asked(first).map(({ to }) => to), [HOME, LAN, AWAY]);
  deepEqual(choice.tick(at(2_500), { bytesSent: 20, bytesReceived: 10 }, () => [LAN]), []);
  // It goes on although nothing more is sent: QUIC's own probes come ever later.
  const second = choice.tick(at(3_000), { bytesSent: 20, bytesReceived: 10 }, () => [LAN]);
  deepEqual(asked(second).map(({ to }) => to), [HOME, LAN]);
  const { number } = asked(first)[1]!;
  deepEqual(choice.answered(at(3_100), LAN, number), [{ kind: "move", to: LAN }]);
  deepEqual(choice.current, LAN);
  deepEqual(choice.tick(at(3_500), { bytesSent: 20, bytesReceived: 10 }, () => [AWAY]), []);
});

Deno.test("what the peer sends from elsewhere moves the path once that address has answered", () => {
  const choice = new PathChoice(at(0), HOME);
  const [question] = asked(choice.strayed(at(10), AWAY));
  deepEqual(question!.to, AWAY);
  // Not by an answer from anywhere else, to another question, or too late.
  deepEqual(choice.answered(at(20), LAN, question!.number), []);
  deepEqual(choice.answered(at(20), AWAY, question!.number + 1n), []);
  const late = new PathChoice(at(0), HOME);
  const [unanswered] = asked(late.strayed(at(10), AWAY));
  deepEqual(late.answered(at(6_000), AWAY, unanswered!.number), []);

  deepEqual(choice.answered(at(30), AWAY, question!.number), [{ kind: "move", to: AWAY }]);
  deepEqual(choice.answered(at(31), AWAY, question!.number), []);
});

Deno.test("a question is answered where it came from, and an old one never again", () => {
  const choice = new PathChoice(at(0), HOME);
  deepEqual(choice.questioned(at(0), HOME, 5n), [{ kind: "answer", to: HOME, number: 5n }]);
  const [answer, question] = choice.questioned(at(1), AWAY, 6n);
  deepEqual(answer, { kind: "answer", to: AWAY, number: 6n });
  deepEqual(question!.to, AWAY);
  for (const replayed of [6n, 5n, 1n]) deepEqual(choice.questioned(at(2), LAN, replayed), []);
  const [asked1] = asked([question!]);
  deepEqual(choice.answered(at(3), AWAY, asked1!.number), [{ kind: "move", to: AWAY }]);
});

Deno.test("an answer from an address where nobody called moves nothing while the path is heard", () => {
  const choice = new PathChoice(at(0), HOME);
  const [, toLan] = asked(choice.shaken(at(0), [LAN]));
  deepEqual(choice.answered(at(10), LAN, toLan!.number), []);
  deepEqual(choice.current, HOME);
});

Deno.test("whatever others send, questions and answers are bounded", () => {
  const choice = new PathChoice(at(0), HOME);
  let questions = 0;
  let answers = 0;
  for (let ms = 0; ms < 1_000; ms++) {
    for (let packet = 0; packet < 10; packet++) {
      const from = place(packet + 10);
      questions += asked(choice.strayed(at(ms), from)).length;
      const outputs = choice.questioned(at(ms), from, BigInt(ms * 10 + packet + 1));
      questions += asked(outputs).length;
      answers += outputs.filter(({ kind }) => kind === "answer").length;
    }
  }
  equal(questions, 8 + 3);
  equal(answers, 32 + 19);
  const many = Array.from({ length: 100 }, (_, index) => place(index + 1));
  equal(asked(choice.shaken(at(2_000), many)).length, PATH_CANDIDATES_MAX);
});
