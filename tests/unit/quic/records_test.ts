import assert from "node:assert/strict";
import {
  concat,
  encodeAddress,
  encodeSized,
  encodeText,
  PayloadReader,
  printable,
  readRecords,
} from "../../../lib/quic/records.ts";

/** One record as the library writes it. */
function record(fields: number[], payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(24);
  const view = new DataView(header.buffer);
  [...fields, payload.length].forEach((field, index) => view.setUint32(4 * index, field, true));
  return concat([header, payload]);
}

Deno.test("records follow each other, and their payloads are copies", () => {
  const bytes = concat([
    record([8, 7, 0, 0, 0], Uint8Array.of(1, 2, 3)),
    record([9, 0xffff_ffff, 2, 3, 4], new Uint8Array(0)),
  ]);
  const records = [...readRecords(bytes)];
  bytes.fill(0);
  assert.deepEqual(records, [
    { kind: 8, handle: 7, tag: 0, x: 0, y: 0, payload: Uint8Array.of(1, 2, 3) },
    { kind: 9, handle: 0xffff_ffff, tag: 2, x: 3, y: 4, payload: new Uint8Array(0) },
  ]);
});

Deno.test("addresses read back as they were written", () => {
  for (const address of [{ ip: "127.0.0.1", port: 65_535 }, { ip: "fe80::1%eth0", port: 0 }]) {
    const reader = new PayloadReader(concat([encodeAddress(address), Uint8Array.of(9)]));
    assert.deepEqual(reader.address(), address);
    assert.deepEqual(reader.rest(), Uint8Array.of(9));
  }
});

Deno.test("numbers and texts are read in order", () => {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setFloat64(0, 2 ** 53, true);
  const reader = new PayloadReader(concat([number, encodeText("why")]));
  assert.equal(reader.number(), 2 ** 53);
  assert.equal(reader.text(), "why");
  assert.deepEqual(encodeSized(encodeText("ab")), Uint8Array.of(2, 0, 0, 0, 97, 98));
});

Deno.test("what a peer said is printable and bounded", () => {
  assert.equal(printable("\u001b[2Jx\r\n\u202ey\0"), "[2Jxy");
  assert.equal(printable("x".repeat(1_000)).length, 256);
});
