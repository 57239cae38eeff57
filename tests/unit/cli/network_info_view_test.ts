// What `status` says of the router: one line while it leads a port here.

import assert from "node:assert/strict";
import { networkInfoJson, networkInfoLines } from "../../../lib/cli/network_info_view.ts";
import { renderStatus } from "../../../lib/cli/status_view.ts";
import { GetStatusResponse, NetworkInfo } from "../../../lib/proto/mod.ts";
import { NOW } from "./support.ts";

const MAPPED = NetworkInfo.create({
  natKind: "endpoint_independent",
  portMapping: "mapped",
  mapping: { protocol: "nat_pmp", gateway: "192.168.1.1", address: "203.0.113.9:60611" },
});
const OFF = NetworkInfo.create({ natKind: "unknown", portMapping: "off" });

Deno.test("a mapping is a line, its absence none", () => {
  const line = "the router 192.168.1.1 leads 203.0.113.9:60611 here (NAT-PMP)";
  assert.deepEqual(networkInfoLines(MAPPED), [line]);
  assert.deepEqual(networkInfoLines(OFF), []);
  assert.deepEqual(networkInfoLines(undefined), []);
  const options = { all: false, wide: false, isColored: false, now: NOW, os: "linux" } as const;
  assert.ok(renderStatus(GetStatusResponse.create({ network: MAPPED }), options).includes(line));
});

Deno.test("programs are told everything", () => {
  assert.deepEqual(networkInfoJson(MAPPED), {
    natKind: "endpoint_independent",
    portMapping: {
      state: "mapped",
      protocol: "nat_pmp",
      gateway: "192.168.1.1",
      address: "203.0.113.9:60611",
    },
  });
  assert.deepEqual(networkInfoJson(OFF), {
    natKind: "unknown",
    portMapping: { state: "off", protocol: null, gateway: null, address: null },
  });
  assert.equal(networkInfoJson(undefined), null);
});
