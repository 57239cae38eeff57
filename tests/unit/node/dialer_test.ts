// How many peers are dialled at the same time, and what becomes of the others.

import { deepEqual, equal } from "node:assert/strict";
import { Dialer } from "../../../lib/node/dialer.ts";
import { DIALS_MAX, type PeerKey, silentLog } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { addressOf } from "./fixtures.ts";

const PEERS = Array.from(
  { length: DIALS_MAX + 2 },
  (_, index) => (index + 1).toString(16).padStart(64, "0") as PeerKey,
);

/** Lets everything go on that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("who finds no room to be dialled is dialled when another one was", async () => {
  const dialled = new Map<PeerKey, () => void>();
  const mesh = {
    connect: (peer: PeerKey) => new Promise<void>((resolve) => dialled.set(peer, resolve)),
  } as never;
  const dialer = new Dialer({
    mesh,
    clock: new FakeClock(),
    log: silentLog,
    signal: new AbortController().signal,
    resolve: () => Promise.resolve([]),
  });
  const attempt = (peer: PeerKey) => dialer.attempt(peer, [addressOf(peer)], []);
  const attempts = PEERS.map(attempt);
  await settle();
  deepEqual([...dialled.keys()], PEERS.slice(0, DIALS_MAX));
  equal(dialer.running, DIALS_MAX);
  equal(await attempt(PEERS.at(-1)!), false, "it waits already");
  for (const peer of PEERS) {
    dialled.get(peer)!();
    await settle();
  }
  deepEqual(await Promise.all(attempts), PEERS.map(() => true));
  equal(dialer.running, 0);
});
