// Timers keep their word: not early, not after they were taken back.

import { equal, ok } from "node:assert/strict";
import { systemClock, systemRandom } from "../../../lib/host/mod.ts";

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => void systemClock.setTimer(delayMs, resolve));
}

Deno.test("a timer never calls back early", async () => {
  await Promise.all([0, 1, 2.5, 7, 20].map(async (delayMs) => {
    const startedAt = systemClock.monotonicNow();
    await wait(delayMs);
    ok(systemClock.monotonicNow() - startedAt >= delayMs);
  }));
  await wait(-5);
});

Deno.test("a timer that was taken back stays silent", async () => {
  let count = 0;
  const cancel = systemClock.setTimer(1, () => count++);
  cancel();
  cancel();
  const late = systemClock.setTimer(0, () => count += 10);
  await wait(5);
  late();
  equal(count, 10);
});

Deno.test("a delay beyond what the runtime takes does not fire at once", async () => {
  let isFired = false;
  const cancel = systemClock.setTimer(2 ** 40, () => isFired = true);
  await wait(5);
  cancel();
  equal(isFired, false);
});

Deno.test("the wall clock is the machine's, the other one does not go back", () => {
  ok(Math.abs(systemClock.wallNow() - Date.now()) < 60_000);
  let last = systemClock.monotonicNow();
  for (let count = 0; count < 1_000; count++) {
    const now = systemClock.monotonicNow();
    ok(now >= last);
    last = now;
  }
});

Deno.test("random bytes come in any number", () => {
  for (const length of [0, 1, 32, 65_536, 65_537, 200_000]) {
    const bytes = systemRandom.bytes(length);
    equal(bytes.length, length);
    if (length >= 32) ok(bytes.subarray(-32).some((byte) => byte !== 0));
  }
  ok(systemRandom.bytes(16).toHex() !== systemRandom.bytes(16).toHex());
  const uniform = systemRandom.uniform();
  ok(uniform >= 0 && uniform < 1);
});
