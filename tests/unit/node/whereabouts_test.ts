// Which of the addresses that are known of this node the network is told, and with which port.

import { deepEqual, equal } from "node:assert/strict";
import { Whereabouts } from "../../../lib/node/whereabouts.ts";
import type { SocketAddress } from "../../../lib/types/mod.ts";
import { load, ME } from "../store/fixtures.ts";
import { BOB } from "./fixtures.ts";

const PORT = 60_611;
const NAMED = { ip: "9.9.9.9", port: 4_000 };
const MAPPED = { ip: "8.8.8.8", port: 5_000 };

/** The addresses besides the machine's own, and the port. */
async function told(
  { named = [], mapped = null, seen }: {
    readonly named?: readonly SocketAddress[];
    readonly mapped?: SocketAddress | null;
    readonly seen?: string;
  },
): Promise<[string, number]> {
  await using store = await load();
  const at = new Whereabouts(store);
  at.nameTo(named);
  at.mapTo(mapped);
  if (seen !== undefined) at.seenBy(BOB, seen);
  deepEqual(at.announce(), [], "nothing before it is known where we listen");
  at.moveTo({ ips: ["10.0.0.7"], port: PORT });
  at.announce();
  const { ips, externalPort } = store.get(ME)!;
  equal(ips[0], "10.0.0.7");
  return [ips.slice(1).join(" "), externalPort];
}

Deno.test("the owner's port comes before the router's, and that before what peers see", async () => {
  const seen = "8.8.4.4:6000";
  deepEqual(await told({}), ["", 0]);
  deepEqual(await told({ seen }), ["8.8.4.4", 6_000]);
  deepEqual(await told({ seen, mapped: MAPPED }), ["8.8.8.8 8.8.4.4", 5_000]);
  deepEqual(await told({ seen, mapped: MAPPED, named: [NAMED] }), [
    "9.9.9.9 8.8.8.8 8.8.4.4",
    4_000,
  ]);
});

Deno.test("of what names stand for, that is told whose port can be told", async () => {
  const at = (ip: string, port: number) => ({ ip, port });
  deepEqual(await told({ named: [NAMED, at("9.9.9.8", 4_000), at("9.9.9.7", 4_001)] }), [
    "9.9.9.9 9.9.9.8",
    4_000,
  ]);
  deepEqual(await told({ named: [at("10.0.0.9", PORT), at("10.0.0.10", 4_000)] }), ["10.0.0.9", 0]);
  deepEqual(await told({ named: [at("127.0.0.1", PORT), at("0.0.0.0", PORT)] }), ["", 0]);
});
