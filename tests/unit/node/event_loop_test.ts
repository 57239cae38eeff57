// Whose turn it is: messages that never stop coming keep nobody else waiting.

import { equal } from "node:assert/strict";
import { EventLoop } from "../../../lib/node/event_loop.ts";
import type { Frame } from "../../../lib/proto/mod.ts";
import {
  type MonotonicMs,
  type PeerFrame,
  silentLog,
  Tasks,
  type WallMs,
} from "../../../lib/types/mod.ts";
import { key } from "../store/fixtures.ts";

/** Many times those of a slice. */
const FRAMES = 500;

Deno.test("frames that are always there already let timers run", async () => {
  let frames = 0;
  let framesAtTimer: number | null = null;
  let now = 0;
  const packet: PeerFrame<Frame> = { peer: key(1), frame: { body: undefined } };
  const loop = new EventLoop({
    mesh: {
      recvFrame: () => Promise.resolve(frames < FRAMES ? packet : null),
      recv: () => Promise.resolve(null),
      nextPeerEvent: () => Promise.resolve(null),
      nextNotice: () => Promise.resolve(null),
    } as never,
    // Each look takes a millisecond, and timers are those of the runtime.
    clock: {
      monotonicNow: () => now++ as MonotonicMs,
      wallNow: () => 0 as WallMs,
      setTimer: (delayMs, callback) => {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
    },
    core: { step: () => (frames++, []) },
    performer: { perform: () => {} },
    refusals: { note: () => {} },
    log: silentLog,
    signal: new AbortController().signal,
    onResumed: () => {},
  });
  const tasks = new Tasks(silentLog, "a task of the test failed");
  setTimeout(() => framesAtTimer = frames, 0);
  loop.receive(tasks);
  await tasks.settled();
  equal(frames, FRAMES);
  equal(
    framesAtTimer !== null && framesAtTimer < FRAMES,
    true,
    `the timer came at ${framesAtTimer}`,
  );
});
