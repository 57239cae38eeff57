// A machine whose clock is wrong, and becomes right: the node says what is the matter for as long as
// it lasts, and goes on by itself, in the same process.

import { deepEqual, equal, ok } from "node:assert/strict";
import { NodeService } from "../../lib/node/mod.ts";
import { DAY_MS } from "../unit/auth/fixtures.ts";
import type { Machine } from "./machine.ts";
import { World } from "./world.ts";

/** Long enough for dials to be given up. */
const WRONG_MS = 30_000;
const KIND = { machines: 3, old: 0, hasHostile: false, troubleMs: 0 };

/** What `status` says is wrong. */
function conditions({ life, key, credentials }: Machine): string[] {
  const service = NodeService.create({
    ...life!,
    local: key,
    certificate: () => credentials.cert,
    signer: null,
    shutdown: () => {},
  });
  return service.conditions().map(({ kind }) => kind);
}

const WRONG = [
  { what: "behind", wallErrorMs: -400 * DAY_MS, said: ["clock_behind"] },
  // From within, a clock that is ahead looks like a membership that is over.
  { what: "ahead", wallErrorMs: 400 * DAY_MS, said: ["membership_expired"] },
];

for (const { what, wallErrorMs, said } of WRONG) {
  for (const isFromTheStart of [true, false]) {
    const when = isFromTheStart ? "from the start" : "while the node runs";
    Deno.test(`a clock that is ${what} ${when} keeps a node out until it is right`, async () => {
      const world = await World.found(7, KIND);
      const [root, one, other] = world.machines as [Machine, Machine, Machine];
      if (isFromTheStart) other.wallErrorMs = wallErrorMs;
      for (const machine of world.machines) await machine.start();
      await world.time.run(10_000);
      equal(other.life!.mesh.connectedPeers().length, isFromTheStart ? 0 : 2);
      deepEqual(conditions(other), isFromTheStart ? said : []);
      if (!isFromTheStart) {
        other.wallErrorMs = wallErrorMs;
        // It looks at once who is still a member, as it does every few minutes.
        other.life!.engine.notices.push({ kind: "resumed", sleptMs: 5_000 });
        await world.time.run(WRONG_MS);
      }
      deepEqual(conditions(other), said);
      deepEqual(other.life!.mesh.connectedPeers(), []);

      const { life } = other;
      other.wallErrorMs = 0;
      deepEqual(conditions(other), []);
      await world.untilWell();
      ok(other.life === life, "it went on without a new start");
      deepEqual(other.life!.mesh.connectedPeers().sort(), [root.key, one.key].sort());
      deepEqual(conditions(other), []);
    });
  }
}
