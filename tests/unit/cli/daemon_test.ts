// Stopping a node that cannot be asked: it has the folder already, or still, but no socket.

import { deepEqual } from "node:assert/strict";
import { lockFolder, stopWhateverRuns } from "../../../lib/cli/daemon.ts";

Deno.test("a node that is coming up or going is awaited", async () => {
  const { signal } = new AbortController();
  const dir = await Deno.makeTempDir();
  const empty = await Deno.makeTempDir();
  try {
    const order: string[] = [];
    const lock = await lockFolder(dir);
    const stopped = stopWhateverRuns(dir, signal).then(() => order.push("stopped"));
    // By then whoever does not wait is back.
    for (let turn = 0; turn < 3; turn++) await stopWhateverRuns(empty, signal);
    order.push("released");
    lock!.release();
    await stopped;
    deepEqual(order, ["released", "stopped"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
    await Deno.remove(empty, { recursive: true });
  }
});
