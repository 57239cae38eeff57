import assert from "node:assert/strict";
import { isWay, readWay, relayWay, showAddress, socketWay } from "../../../lib/types/mod.ts";

Deno.test("a way says what it stands for", () => {
  const address = { ip: "203.0.113.7", port: 60_611 };
  const way = socketWay(511, address);
  assert.deepEqual(way, { ip: "100::1:1ff:cb00:7107", port: 60_611 });
  assert.deepEqual(readWay(way), { kind: "socket", socket: 511, address });
  assert.equal(showAddress(way), "203.0.113.7:60611");
  const relayed = relayWay(70_000);
  assert.deepEqual(relayed, { ip: "100::2:0:1:1170", port: 1 });
  assert.deepEqual(readWay(relayed), { kind: "relay", flow: 70_000 });
  assert.equal(showAddress(relayed), "a relay");
  assert.equal(showAddress({ ip: "2001:db8::1", port: 7 }), "[2001:db8::1]:7");
});

Deno.test("only what can be named is named", () => {
  const address = { ip: "192.0.2.1", port: 1 };
  for (const socket of [0, 513, 1.5]) assert.throws(() => socketWay(socket, address));
  for (const ip of ["::1", "192.0.2", "192.0.2.256", "host"]) {
    assert.throws(() => socketWay(1, { ip, port: 1 }));
  }
  for (const flow of [0, 2 ** 20, -1]) assert.throws(() => relayWay(flow));
});

Deno.test("the whole prefix is known for ways, however it is written, and nothing else", () => {
  const ways = [
    "100::",
    "100::7",
    "100:0:0:0:1:1:c000:201",
    "0100::1:1:c000:201",
    "100::1:1:192.0.2.1",
    "100:0::ffff:0:0:0",
    "100::1%eth0",
    "100:0:0:0:1:2:3:4",
    "100:0000:0::A",
  ];
  for (const ip of ways) assert.equal(isWay({ ip, port: 1 }), true, ip);
  const others = [
    "100.0.0.1",
    "100:0:0:1::1",
    "100:1::",
    "1000::1",
    "::100",
    "::100:0:0:0:0",
    "2001:db8::1",
    "host",
    "",
    "100:0:0:0:1:2:3",
    "100::1::2",
    "100:0:0:0:1:2:3:4:5",
    "100:",
    "100::g",
  ];
  for (const ip of others) assert.equal(isWay({ ip, port: 1 }), false, ip);
  assert.equal(readWay({ ip: "100::7", port: 1 }), null);
});
