// Who dials over a flow that both ends have: one of them, once.

import { deepEqual } from "node:assert/strict";
import { RelayDriver } from "../../../lib/node/relay_driver.ts";
import { type PeerKey, relayWay, silentLog, type SocketAddress } from "../../../lib/types/mod.ts";
import { key } from "../store/fixtures.ts";

const [SMALL, GREAT, CARRIER] = [key(0x11), key(0xee), key(0x55)];

/** The driver of one end, and the addresses at which it dials; dials last until they are ended. */
function end(local: PeerKey, isConnected = false) {
  const dials: SocketAddress[][] = [];
  const ways: SocketAddress[] = [];
  const running = Promise.withResolvers<boolean>();
  const driver = new RelayDriver({
    local,
    mesh: {
      openRelay: (_carrier, flow) => {
        ways.push(relayWay(flow));
        return relayWay(flow);
      },
      closeRelay: () => {},
      relaysTo: () => ways,
      carry: () => {},
      limitCarried: () => {},
      endCarried: () => {},
      peerLink: () => isConnected ? { capabilities: [] } as never : null,
    },
    dialer: {
      attempt: (_peer, addresses) => {
        dials.push([...addresses]);
        return running.promise;
      },
    },
    log: silentLog,
    report: () => {},
  });
  const peer = local === SMALL ? GREAT : SMALL;
  const open = (flow: number) =>
    driver.perform({ kind: "openRelay", carrier: CARRIER, flow, peer });
  return { dials, driver, peer, open, endDials: () => running.resolve(false) };
}

Deno.test("of two ends that are granted a flow at once, the one with the smaller key dials", async () => {
  const [small, great] = [end(SMALL), end(GREAT)];
  small.endDials();
  await Promise.all([small.open(1), great.open(1)]);
  deepEqual(small.dials, [[relayWay(1)]]);
  deepEqual(great.dials, []);
  deepEqual(small.driver.waysTo(GREAT), [relayWay(1)], "later attempts go there, too");
  deepEqual(great.driver.waysTo(SMALL), []);
});

Deno.test("one dial at a time goes over flows to a peer, and none when there is a session", async () => {
  const small = end(SMALL);
  const first = small.open(1);
  await small.open(2);
  deepEqual(small.dials, [[relayWay(1)]]);
  deepEqual(small.driver.waysTo(GREAT), []);
  small.endDials();
  await first;
  deepEqual(small.driver.waysTo(GREAT), [relayWay(1), relayWay(2)]);
  const connected = end(SMALL, true);
  await connected.open(1);
  deepEqual(connected.dials, []);
});
