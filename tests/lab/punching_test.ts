// How often two nodes meet of which one is behind a strict router: a hundred tries each way, each with
// routers that have forgotten everything and nodes that have just started. POLLEN_LAB=punching.

import { ok } from "node:assert/strict";
import { Daemon, type Place } from "../../scripts/support/pollen_process.ts";
import { status } from "../e2e/support/network.ts";
import type { Nat } from "./support/nat.ts";
import { type LabNode, Network, untilOnline } from "./support/nodes.ts";
import { CAN_HAVE_LAB, Lab, type Router, type Site } from "./support/topology.ts";

const TRIES = Number(Deno.env.get("POLLEN_PUNCHES") ?? "100");
/** Of a hundred; in how long. */
const DIRECT_MIN = 90;
const DIRECT_TIMEOUT_MS = 20_000;

interface Home {
  readonly router: Router;
  readonly site: Site;
  readonly place: Place;
}

async function homeOf(lab: Lab, network: Network, nat: Nat, name: string): Promise<Home> {
  const router = await lab.router(nat);
  const site = await lab.hostBehind(router);
  return { router, site, place: await network.join(site, name) };
}

/** How long they take to meet directly, in seconds; null for too long. */
async function meet(homes: readonly [Home, Home]): Promise<number | null> {
  await using stack = new AsyncDisposableStack();
  const nodes: LabNode[] = [];
  for (const { router, site, place } of homes) {
    await router.forget();
    const daemon = stack.use(await Daemon.up(place));
    await daemon.waitForLog(/peer connected/);
    nodes.push({ site, place, daemon, key: (await status(place)).self.key });
  }
  const begun = performance.now();
  const [a, b] = nodes as [LabNode, LabNode];
  const peer = await untilOnline(a, b, DIRECT_TIMEOUT_MS).catch(() => null);
  const isDirect = peer?.address?.startsWith(`${b.site.outside}:`) === true;
  return isDirect ? (performance.now() - begun) / 1_000 : null;
}

const PAIRS = [["strict", "moderate"], ["moderate", "strict"]] as const;
const isWanted = Deno.env.get("POLLEN_LAB") === "punching";

for (const [first, second] of isWanted ? PAIRS : []) {
  Deno.test({
    name: `${first} and ${second} meet in ${DIRECT_MIN} of 100 tries`,
    ignore: !CAN_HAVE_LAB,
    async fn() {
      await using lab = await Lab.make();
      await using network = await Network.make(lab);
      await network.add(await lab.host(), "witness");
      const homes = [
        await homeOf(lab, network, first, "a"),
        await homeOf(lab, network, second, "b"),
      ] as const;
      const taken: number[] = [];
      for (let tried = 0; tried < TRIES; tried++) {
        const seconds = await meet(homes);
        if (seconds !== null) taken.push(seconds);
        console.log(`${first}, ${second}: try ${tried + 1}: ${seconds?.toFixed(1) ?? "none"} s`);
      }
      taken.sort((x, y) => x - y);
      const at = (share: number) => taken[Math.floor(share * (taken.length - 1))]?.toFixed(1);
      console.log(
        `${first}, ${second}: ${taken.length} of ${TRIES} direct within 20 s; ` +
          `median ${at(0.5)} s, the longest ${at(1)} s`,
      );
      ok(taken.length * 100 >= DIRECT_MIN * TRIES);
    },
  });
}
