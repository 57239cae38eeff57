import { deepEqual, equal } from "node:assert/strict";
import { type LogFields, LogThrottle, silentLog } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function throttle() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const warn = (message: string, { n, count }: LogFields = {}) =>
    void lines.push(count === undefined ? `${message} ${n}` : `${message} ${n} ×${count}`);
  return { clock, lines, log: new LogThrottle({ ...silentLog, warn }, clock) };
}

Deno.test("the first is written at once, the others as one line with their count", () => {
  const { clock, lines, log } = throttle();
  log.warn("a", { n: 1 });
  log.warn("b", { n: 1 });
  deepEqual(lines.splice(0), ["a 1", "b 1"]);
  equal(clock.pending, 0);
  clock.advance(10_000);
  for (let n = 2; n <= 1_000; n++) log.warn("a", { n });
  clock.advance(49_999);
  deepEqual(lines, []);
  clock.advance(1);
  deepEqual(lines.splice(0), ["a 1000 ×999"]);
  log.warn("a", { n: 1_001 });
  clock.advance(59_999);
  deepEqual(lines, []);
  clock.advance(1);
  deepEqual(lines.splice(0), ["a 1001 ×1"]);
  clock.advance(60_000);
  log.warn("a", { n: 1_002 });
  deepEqual(lines, ["a 1002"]);
  equal(clock.pending, 0);
});

Deno.test("what was counted is written when nobody writes any more", () => {
  const { clock, lines, log } = throttle();
  for (let n = 1; n <= 3; n++) log.warn("a", { n });
  log.close();
  deepEqual(lines, ["a 1", "a 3 ×2"]);
  equal(clock.pending, 0);
});
