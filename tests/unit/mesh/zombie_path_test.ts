// A path that answers questions and carries nothing else is left within three seconds, in whatever
// moment between two looks it goes bad, where QUIC repeats within half a second what is not acknowledged.

import { deepEqual, equal, ok } from "node:assert/strict";
import { LOOK_MS } from "../../../lib/mesh/hearing.ts";
import { PathChoice } from "../../../lib/mesh/path_choice.ts";
import { type MonotonicMs, relayWay, type SocketAddress } from "../../../lib/types/mod.ts";

const at = (ms: number) => ms as MonotonicMs;
const HOME: SocketAddress = { ip: "192.0.2.1", port: 60_611 };
const FIRST = relayWay(1);
const SECOND = relayWay(2);

const LEFT_WITHIN_MS = 3_000;
/** What a question and its answer take. */
const ROUND_TRIP_MS = 200;
/** Until QUIC repeats a packet; then twice as long each time (RFC 9002, section 6.2). */
const PROBE_TIMEOUTS_MS = [1, 30, 70, 90, 150, 240, 330, 499, 500];
const PHASE_STEP_MS = 5;
/** The path was in use for so many looks before. */
const LOOKS_BEFORE = 20;

/** Moments in which what is sent first at `first` leaves. */
function sends(first: number, timeoutMs: number): number[] {
  return Array.from({ length: 12 }, (_, times) => first + timeoutMs * (2 ** times - 1));
}

/** How long after the first send in vain the path is left, by a session that was used until then or rested. */
function leftAfter(from: SocketAddress, phase: number, timeoutMs: number, wasUsed: boolean) {
  const choice = new PathChoice(at(0), from);
  const first = LOOKS_BEFORE * LOOK_MS + phase;
  const moments = sends(first, timeoutMs);
  for (let look = 1;; look++) {
    const now = look * LOOK_MS;
    const used = wasUsed ? Math.min(look, LOOKS_BEFORE) : 1;
    const traffic = {
      bytesSent: used + moments.filter((moment) => moment <= now).length,
      bytesReceived: used,
    };
    // The zombie answers first.
    const outputs = choice.tick(at(now), traffic, () => [SECOND, from]);
    const asked = outputs.flatMap((output) => output.kind === "ask" ? [output] : []);
    let answeredAt = now + ROUND_TRIP_MS;
    for (const { to, number } of asked) {
      if (choice.current === from) choice.answered(at(answeredAt++), to, number);
    }
    if (choice.current !== from) {
      deepEqual(choice.current, SECOND);
      return answeredAt - first;
    }
    ok(now < first + 60_000, "it is left");
  }
}

for (const [name, from] of [["direct", HOME], ["relayed", FIRST]] as const) {
  Deno.test(`a ${name} zombie path is left within three seconds, whenever it goes bad`, () => {
    for (const timeoutMs of PROBE_TIMEOUTS_MS) {
      for (let phase = 0; phase < LOOK_MS; phase += PHASE_STEP_MS) {
        for (const wasUsed of [true, false]) {
          const tookMs = leftAfter(from, phase, timeoutMs, wasUsed);
          ok(tookMs <= LEFT_WITHIN_MS, `${tookMs} ms; phase ${phase}, timeout ${timeoutMs}`);
        }
      }
    }
  });
}

Deno.test("an acknowledgement that nobody answers says nothing of the path", () => {
  const choice = new PathChoice(at(0), HOME);
  let sent = 0;
  let received = 0;
  for (let look = 1; look < 1_000; look++) {
    // Something comes now and then; what acknowledges it is seen with the next look.
    if (look % 20 === 0) received++;
    if (look % 20 === 1) sent++;
    // Something is sent now and then; the answer is seen with the next look.
    if (look % 20 === 12) sent++;
    if (look % 20 === 13) received++;
    const traffic = { bytesSent: sent, bytesReceived: received };
    for (const output of choice.tick(at(look * LOOK_MS), traffic, () => [FIRST])) {
      if (output.kind === "ask") choice.answered(at(look * LOOK_MS + 50), output.to, output.number);
    }
    equal(choice.isDead, false, `look ${look}`);
    deepEqual(choice.current, HOME);
  }
});
