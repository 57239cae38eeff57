// When carriers are asked for a peer that is being dialled: soon, but not where no dial is quick.

import { deepEqual } from "node:assert/strict";
import { Dialer } from "../../../lib/node/dialer.ts";
import { Performer } from "../../../lib/node/performer.ts";
import type { NodeInput } from "../../../lib/node/mod.ts";
import { silentLog, Tasks } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { key } from "../store/fixtures.ts";
import { addressOf } from "./fixtures.ts";

const [LOCAL, FIRST, SECOND] = [key(0x11), key(0x22), key(0x33)];

Deno.test("who is dialled where dials take long is given longer", async () => {
  const clock = new FakeClock();
  const dials: (() => void)[] = [];
  const mesh = {
    connect: () => new Promise<void>((resolve) => dials.push(resolve)),
    relaysTo: () => [],
  } as never;
  const signal = new AbortController().signal;
  const dialer = new Dialer({
    mesh,
    clock,
    log: silentLog,
    signal,
    resolve: () => Promise.resolve([]),
  });
  const said: [atMs: number, NodeInput["kind"]][] = [];
  const performer = new Performer({
    local: LOCAL,
    mesh,
    clock,
    log: silentLog,
    dialer,
    core: { coordinate: () => [] },
    forwards: {} as never,
    sender: {} as never,
    renewals: null,
    tasks: new Tasks(silentLog, "a task of the test failed"),
    report: ({ kind }) => void said.push([clock.monotonicNow(), kind]),
  });
  const dial = (peer: typeof FIRST) =>
    performer.perform({ kind: "connect", peer, addresses: [addressOf(peer)], names: [] });

  dial(FIRST);
  clock.advance(299);
  deepEqual(said, []);
  clock.advance(1);
  deepEqual(said, [[300, "connectPending"]]);
  clock.advance(700);
  dials[0]!();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  deepEqual(dialer.tookMs, 250);

  dial(SECOND);
  clock.advance(1_049);
  deepEqual(said.length, 1);
  clock.advance(1);
  deepEqual(said[1], [2_050, "connectPending"]);
});
