// Messages on a stream: whole again however the stream cuts them, and none longer than allowed.

import { deepEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { framed, FrameSplitter } from "../../../lib/mesh/framing.ts";

Deno.test("messages come out as they went in, however their bytes are cut", () => {
  const message = fc.uint8Array({ maxLength: 300 });
  const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 });
  fc.assert(fc.property(fc.array(message, { maxLength: 8 }), cuts, (messages, cuts) => {
    const bytes = framed(...messages);
    const splitter = new FrameSplitter(300);
    const out: number[][] = [];
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const end = at + cuts[turn % cuts.length]!;
      for (const whole of splitter.push(bytes.subarray(at, end))) out.push([...whole]);
      at = end;
    }
    deepEqual(out, messages.map((message) => [...message]));
  }));
});

Deno.test("a message that announces too much is refused before any of it came", () => {
  const splitter = new FrameSplitter(10);
  deepEqual([...splitter.push(Uint8Array.of(0, 0, 0))], []);
  throws(() => [...splitter.push(Uint8Array.of(11))], { code: "too_large" });
  throws(() => [...new FrameSplitter(10).push(Uint8Array.of(255, 255, 255, 255))], {
    code: "too_large",
  });
});
