import { equal } from "node:assert/strict";
import { type MonotonicMs, type PeerKey, PeerRateLimiter } from "../../../lib/types/mod.ts";

const peer = "a".repeat(64) as PeerKey;
const other = "b".repeat(64) as PeerKey;

function allowed(limiter: PeerRateLimiter, who: PeerKey, atMs: number, tries: number): number {
  let count = 0;
  for (let attempt = 0; attempt < tries; attempt++) {
    if (limiter.allow(who, atMs as MonotonicMs)) count++;
  }
  return count;
}

Deno.test("a burst is allowed, a flood is not, and one more comes with each interval", () => {
  const limiter = new PeerRateLimiter(8, 5_000);
  equal(allowed(limiter, peer, 0, 100), 8);
  equal(allowed(limiter, peer, 4_999, 100), 0);
  equal(allowed(limiter, peer, 5_000, 100), 1);
  equal(allowed(limiter, peer, 25_000, 100), 4);
  equal(allowed(limiter, peer, 1_000_000, 100), 8);
});

Deno.test("what one peer does is not held against another", () => {
  const limiter = new PeerRateLimiter(8, 5_000);
  equal(allowed(limiter, peer, 0, 100), 8);
  equal(allowed(limiter, other, 0, 100), 8);
});

Deno.test("refused attempts do not put the next one off", () => {
  const limiter = new PeerRateLimiter(8, 5_000);
  allowed(limiter, peer, 0, 8);
  for (let atMs = 0; atMs < 5_000; atMs += 10) {
    equal(limiter.allow(peer, atMs as MonotonicMs), false);
  }
  equal(limiter.allow(peer, 5_000 as MonotonicMs), true);
});
