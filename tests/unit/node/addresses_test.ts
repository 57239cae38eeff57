// Where a peer is dialled: where it was last, then each of its addresses with the port that is right.

import { deepEqual } from "node:assert/strict";
import { addressesOf } from "../../../lib/node/addresses.ts";

const nowhere = { ips: [], localPort: 0, externalPort: 0, lastAddr: null };

Deno.test("public addresses go with the port that others see, private ones with the port it is bound to", () => {
  const ips = ["10.0.0.5", "8.8.4.4", "fd00::5", "2a00:1450::1"];
  deepEqual(addressesOf({ ...nowhere, ips, localPort: 1, externalPort: 2 }), [
    { ip: "10.0.0.5", port: 1 },
    { ip: "8.8.4.4", port: 2 },
    { ip: "fd00::5", port: 1 },
    { ip: "2a00:1450::1", port: 1 },
    { ip: "2a00:1450::1", port: 2 },
  ]);
  deepEqual(addressesOf({ ...nowhere, ips: ["8.8.4.4"], localPort: 1 }), [
    { ip: "8.8.4.4", port: 1 },
  ]);
});

Deno.test("where it was last comes first, and nothing comes twice", () => {
  const lastAddr = { ip: "10.0.0.5", port: 1 };
  deepEqual(addressesOf({ ...nowhere, ips: ["10.0.0.6", "10.0.0.5"], localPort: 1, lastAddr }), [
    lastAddr,
    { ip: "10.0.0.6", port: 1 },
  ]);
});

Deno.test("without a port there is nowhere to dial", () => {
  deepEqual(addressesOf({ ...nowhere, ips: ["10.0.0.5"] }), []);
  deepEqual(addressesOf({ ...nowhere, ips: ["10.0.0.5"], localPort: 70_000 }), []);
  deepEqual(addressesOf({ ...nowhere, ips: ["8.8.8.8"], localPort: 1, externalPort: 70_000 }), []);
});

Deno.test("a peer that tells of very many addresses is dialled at some of them", () => {
  const ips = Array.from({ length: 200 }, (_, at) => `10.0.1.${at}`);
  deepEqual(addressesOf({ ...nowhere, ips, localPort: 1 }).length, 64);
});
