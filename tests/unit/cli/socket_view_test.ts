// What `status` says of the socket: nothing while all is well, a sentence for each thing that is not.

import assert from "node:assert/strict";
import { socketJson, socketLines } from "../../../lib/cli/socket_view.ts";
import { renderStatus, statusJson } from "../../../lib/cli/status_view.ts";
import { GetStatusResponse, SocketInfo } from "../../../lib/proto/mod.ts";
import { NOW } from "./support.ts";

const MIB = 1024n * 1024n;
const WELL = SocketInfo.create({
  receiveBufferBytes: 8n * MIB,
  sendBufferBytes: 8n * MIB,
  segmentsMax: 64,
  coalesces: true,
});

Deno.test("a socket that is as wanted is not worth a word", () => {
  assert.deepEqual(socketLines(WELL, "linux"), []);
  assert.deepEqual(socketLines(undefined, "linux"), []);
});

Deno.test("small buffers are told with what raises them", () => {
  for (const small of ["receiveBufferBytes", "sendBufferBytes"]) {
    const [line, ...others] = socketLines({ ...WELL, [small]: 212_992n }, "linux");
    assert.deepEqual(others, []);
    assert.match(line!, /208 KiB .*sysctl -w net\.core\.rmem_max=8388608 net\.core\.wmem_max=/);
  }
  const mac = socketLines({ ...WELL, receiveBufferBytes: 1n }, "darwin");
  assert.match(mac.join(), /kern\.ipc\.maxsockbuf/);
  const windows = socketLines({ ...WELL, receiveBufferBytes: 1n }, "windows");
  assert.doesNotMatch(windows.join(), /sysctl/);
});

Deno.test("a system that refuses batches is named, but not one that never has them", () => {
  const none = { ...WELL, segmentsMax: 1, coalesces: false };
  const lines = socketLines(none, "linux");
  assert.match(lines[0]!, /sends packets one by one.*UDP_SEGMENT/);
  assert.match(lines[1]!, /receives packets one by one.*UDP_GRO/);
  assert.equal(lines.length, 2);
  assert.deepEqual(socketLines(none, "darwin"), []);
});

Deno.test("a node without a socket says that alone", () => {
  const lines = socketLines(SocketInfo.create({}), "linux");
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /bound again/);
});

Deno.test("programs get everything, and the sentences come last for people", () => {
  const socket = SocketInfo.create({
    ...WELL,
    segmentsMax: 1,
    rebinds: 2n,
    faults: [{ kind: "denied", count: 7n }],
  });
  const response = GetStatusResponse.create({ socket });
  const expected = {
    receiveBufferBytes: 8_388_608,
    sendBufferBytes: 8_388_608,
    segmentsMax: 1,
    coalesces: true,
    rebinds: 2,
    faults: { denied: 7 },
  };
  assert.deepEqual(statusJson(response).socket, expected);
  assert.equal(socketJson(undefined), null);
  const options = { all: false, wide: false, isColored: false, now: NOW, os: "linux" } as const;
  assert.match(
    renderStatus(response, options).split("\n").at(-1)!,
    /^the system sends packets one/,
  );
});
