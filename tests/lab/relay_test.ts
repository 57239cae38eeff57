// Two nodes behind strict routers that a third one carries for, and what becomes of a TCP connection of
// theirs when that one is gone, and when they can meet at last. It takes minutes: POLLEN_LAB=all.

import { equal, ok } from "node:assert/strict";
import { Echo } from "../e2e/support/echo.ts";
import { Identity } from "./support/identity.ts";
import { Marks, secondsSince } from "./support/marks.ts";
import { Network, untilOnline, untilRelayed } from "./support/nodes.ts";
import { CAN_HAVE_LAB, IS_ALL, Lab } from "./support/topology.ts";
import { Transfer } from "./support/transfer.ts";

/** The port of a node that has its machine for itself. */
const PORT = 60_611;
const MEET_TIMEOUT_MS = 40_000;
/** The longest pause between two looks for a direct path, and a dial. */
const UPGRADE_TIMEOUT_MS = 90_000;
/** So much that a slow relay has not carried it before all is over. */
const BYTES = 300 << 20;
const SLOW = ["--relay-limit", "2"];

const STILL_SECONDS_MAX = 3;

const marks = new Marks("Seconds until a connection has answered three times more");

/** How long the same connection stands still from now on. */
async function still(echo: Echo, what: string): Promise<void> {
  const start = performance.now();
  await echo.untilAnswers(`the same connection works after ${what}`);
  marks.add(what, secondsSince(start), { atMost: STILL_SECONDS_MAX });
}

for (const end of IS_ALL ? ["killed", "cut off"] as const : []) {
  Deno.test({
    name: `a connection goes on when its carrier is ${end}, and when both can meet`,
    ignore: !CAN_HAVE_LAB,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab, SLOW);
      const second = await network.add(await lab.host(), "second", SLOW);
      const router = await lab.router("strict");
      const advertise = ["--advertise", `${router.outside}:${PORT}`, "--port", String(PORT)];
      const a = await network.add(await lab.hostBehind(router), "a", advertise);
      const b = await network.add(await lab.hostBehind(await lab.router("strict")), "b");
      const { path } = (await untilRelayed(a, b, MEET_TIMEOUT_MS))!;
      const carriers = [network.root, second];
      const first = carriers.find(({ key }) => key === path?.carrier)!;
      const next = carriers.find((carrier) => carrier !== first)!;
      await using echo = await Echo.open(b.place, a.place);
      await using transfer = await Transfer.open(b, a, BYTES);
      const transferred = transfer.run();
      const identity = await Identity.of(a, b);

      if (end === "killed") await first.daemon.kill();
      else await first.site.namespace.ip(["link set eth0 down"]);
      await still(echo, `the carrier was ${end}`);
      await untilRelayed(a, b, MEET_TIMEOUT_MS, next);

      await router.lead(PORT, a.site);
      const { address } = (await untilOnline(b, a, UPGRADE_TIMEOUT_MS))!;
      equal(address, `${router.outside}:${PORT}`);
      await still(echo, `they met, whose carrier was ${end}`);
      await transferred;
      ok(await lab.carried(b.site.outside, a.site.outside) > BYTES / 2);
      // From carrier to carrier, and from that to no one.
      await identity.demandSame(2);
    },
  });
}
