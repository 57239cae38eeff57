// Probes: only the two ends of a session make and read them, and neither takes its own.

import { deepEqual, equal } from "node:assert/strict";
import { PROBE_FIRST_BYTE, ProbeCodec, probeTag } from "../../../lib/mesh/path_probe.ts";

const SECRET = new Uint8Array(32).fill(7);
const dialler = new ProbeCodec(SECRET, true);
const acceptor = new ProbeCodec(SECRET, false);

Deno.test("each end reads what the other one wrote, and not its own", () => {
  for (const kind of ["ask", "answer"] as const) {
    const probe = { kind, number: 2n ** 64n - 1n };
    deepEqual(acceptor.decode(dialler.encode(probe)), probe);
    deepEqual(dialler.decode(acceptor.encode(probe)), probe);
    equal(dialler.decode(dialler.encode(probe)), null);
  }
  equal(dialler.tag, acceptor.tag);
  equal(probeTag(dialler.encode({ kind: "ask", number: 1n })), dialler.tag);
});

Deno.test("a probe has the form that is described, and is not QUIC", () => {
  const bytes = dialler.encode({ kind: "ask", number: 0x0102030405060708n });
  equal(bytes.length, 34);
  deepEqual([...bytes.subarray(0, 2)], [PROBE_FIRST_BYTE, 1]);
  equal(bytes.subarray(2, 10).toHex(), dialler.tag);
  equal(bytes.subarray(10, 18).toHex(), "0102030405060708");
  equal(bytes[0]! & 0x40, 0);
});

Deno.test("nothing that was changed, cut or made by a stranger is a probe", () => {
  const bytes = dialler.encode({ kind: "ask", number: 9n });
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    equal(acceptor.decode(changed), null, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    equal(acceptor.decode(bytes.subarray(0, length)), null);
  }
  equal(acceptor.decode(Uint8Array.from([...bytes, 0])), null);
  const stranger = new ProbeCodec(new Uint8Array(32).fill(8), true);
  equal(acceptor.decode(stranger.encode({ kind: "ask", number: 9n })), null);
});
