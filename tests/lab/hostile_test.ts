// A member that carries for two others and means them ill: it keeps, changes, cuts, repeats, reorders and
// invents packets. It learns nothing, what passes is what was sent, and an honest one takes its place.
// It takes half a minute each: POLLEN_LAB=all.

import { deepEqual, ok } from "node:assert/strict";
import { Echo } from "../e2e/support/echo.ts";
import { patternChunks } from "../e2e/support/tcp.ts";
import { HostileCarrier } from "./support/hostile.ts";
import { Network, sessionsLost, untilRelayed } from "./support/nodes.ts";
import { CAN_HAVE_LAB, IS_ALL, Lab } from "./support/topology.ts";
import { Transfer } from "./support/transfer.ts";

const MEET_TIMEOUT_MS = 40_000;
const BYTES = 4 << 20;
/** Within which a path that carries nothing is left. */
const LEFT_MS = 3_000;
/** What the carrier's process takes to hear that it is to turn, and three answers with the pauses between. */
const SLACK_MS = 1_000;
/** Of what was sent, one for each so many bytes: no packet is as long. */
const PIECE_BYTES = 16;
const PIECE_EVERY = 512;
/** How often each trick is played at least. */
const PLAYED_MIN = 20;

/** Whether anything of what `Transfer` sends is there to be read. */
function shows(bytes: Uint8Array): boolean {
  const pieces = new Map<number, Uint8Array>();
  for (const chunk of patternChunks(1 << 20)) {
    for (let at = 0; at < chunk.length; at += PIECE_EVERY) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      pieces.set(new DataView(piece.buffer, piece.byteOffset).getUint32(0), piece);
    }
  }
  let last = 0;
  for (let at = 0; at + PIECE_BYTES <= bytes.length + 4; at++) {
    last = (last << 8 | bytes[at]!) >>> 0;
    const begin = at - 3;
    const isThere = pieces.get(last)?.every((byte, after) => bytes[begin + after] === byte);
    if (isThere === true) return true;
  }
  return false;
}

for (const mood of IS_ALL ? ["flipping", "zombie"] as const : []) {
  Deno.test({
    name: `a hostile carrier learns and changes nothing; ${mood}, it is left for an honest one`,
    ignore: !CAN_HAVE_LAB,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab, ["--no-relay"]);
      await using hostile = await HostileCarrier.join(network, await lab.host());
      const a = await network.add(await lab.hostBehind(await lab.router("strict")), "a");
      const b = await network.add(await lab.hostBehind(await lab.router("strict")), "b");
      await untilRelayed(a, b, MEET_TIMEOUT_MS, hostile);
      const before = sessionsLost(a, b);
      await using transfer = await Transfer.open(b, a, BYTES);
      await transfer.run();

      const played = await hostile.played();
      console.log(`  ${JSON.stringify(played)}`);
      for (const [trick, times] of Object.entries(played)) ok(times >= PLAYED_MIN, trick);
      const record = await Deno.readFile(hostile.recordPath);
      ok(record.length > BYTES, `it carried ${record.length} bytes`);
      ok(!shows(record), "nothing of what was sent can be read");
      record.set(patternChunks(PIECE_EVERY + PIECE_BYTES).next().value!, BYTES / 2);
      ok(shows(record), "else it would have been found");

      await using echo = await Echo.open(b.place, a.place);
      const honest = await network.add(await lab.host(), "honest");
      await hostile.turn(mood);
      const start = performance.now();
      await echo.untilAnswers("the same connection works again");
      const tookMs = performance.now() - start;
      console.log(`  three answers ${tookMs.toFixed(0)} ms later`);
      ok(tookMs <= LEFT_MS + SLACK_MS, `${tookMs} ms`);
      await untilRelayed(a, b, MEET_TIMEOUT_MS, honest);
      deepEqual(sessionsLost(a, b), before);
    },
  });
}
