// Several candidates in turn: who is asked when, and what is told when none succeeds.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { firstInTurn } from "../../../lib/mesh/first_in_turn.ts";
import { PollenError } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** Candidates by name, each of which answers when the test says so. */
function table(candidates: readonly string[], outer = new AbortController()) {
  const clock = new FakeClock();
  const begun: string[] = [];
  const calledOff: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<string>>();
  const result = firstInTurn({
    candidates,
    attempt(candidate, signal) {
      begun.push(candidate);
      const answer = Promise.withResolvers<string>();
      answers.set(candidate, answer);
      signal.addEventListener("abort", () => {
        calledOff.push(candidate);
        answer.reject(new PollenError("cancelled", "called off."));
      });
      return answer.promise;
    },
    pauseMs: 500,
    clock,
    isFinal: ({ code }) => code === "refused" || code === "cancelled",
    moreTelling: (a, b) => a ?? b,
    signal: outer.signal,
  });
  result.catch(() => {});
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve));
  const fail = (candidate: string, code: PollenError["code"]) => {
    answers.get(candidate)!.reject(new PollenError(code, `${candidate} failed.`));
    return settle();
  };
  return { clock, begun, calledOff, answers, result, fail, settle };
}

Deno.test("a slow one gets company, and who answers first wins", async () => {
  const { clock, begun, calledOff, answers, result } = table(["a", "b", "c"]);
  deepEqual(begun, ["a"]);
  clock.advance(499);
  deepEqual(begun, ["a"]);
  clock.advance(1);
  deepEqual(begun, ["a", "b"]);
  answers.get("a")!.resolve("from a");
  equal(await result, "from a");
  deepEqual(calledOff, ["a", "b"]);
  equal(clock.pending, 0);
  clock.advance(10_000);
  deepEqual(begun, ["a", "b"]);
});

Deno.test("one that fails makes room for the next at once; the most telling failure is told", async () => {
  const { clock, begun, result, fail } = table(["a", "b", "c"]);
  await fail("a", "unreachable");
  deepEqual(begun, ["a", "b"]);
  clock.advance(500);
  deepEqual(begun, ["a", "b", "c"]);
  await fail("c", "timeout");
  await fail("b", "timeout");
  await rejects(result, { code: "unreachable" });
  equal(clock.pending, 0);
});

Deno.test("after a final failure nobody else is asked, and who waits is called off", async () => {
  const { clock, begun, calledOff, result, fail } = table(["a", "b", "c"]);
  clock.advance(500);
  await fail("a", "refused");
  await rejects(result, { code: "refused" });
  clock.advance(10_000);
  deepEqual([begun, calledOff], [["a", "b"], ["a", "b"]]);
});

Deno.test("who is interrupted asks no further", async () => {
  const outer = new AbortController();
  const { clock, begun, result } = table(["a", "b"], outer);
  outer.abort();
  await rejects(result, { code: "cancelled" });
  clock.advance(10_000);
  deepEqual(begun, ["a"]);
});
