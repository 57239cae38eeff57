// Errors in gRPC's words and back, for every code and for trailers nobody should trust.

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeError, encodeError, type Status, toPublicError } from "../../../lib/rpc/mod.ts";
import {
  type ErrorCode,
  EXIT_CODE_OF,
  GRPC_STATUS_OF,
  PollenError,
} from "../../../lib/types/mod.ts";

const codes = Object.keys(EXIT_CODE_OF) as ErrorCode[];

function foreign(code: number, details = "", trailer?: string): Status {
  return {
    code,
    details,
    trailer: trailer === undefined ? undefined : new TextEncoder().encode(trailer),
  };
}

Deno.test("every code goes through unchanged, with any text", () => {
  fc.assert(fc.property(
    fc.constantFrom(...codes),
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.option(fc.string({ unit: "binary", maxLength: 300 }), { nil: undefined }),
    (code, message, fix) => {
      const sent = new PollenError(code, message, fix === undefined ? {} : { fix });
      const status = encodeError(sent);
      assert.equal(status.code, GRPC_STATUS_OF[code]);
      const got = decodeError(status);
      assert.deepEqual([got.code, got.message, got.fix], [sent.code, sent.message, sent.fix]);
    },
  ));
});

Deno.test("a text of any length fits, cut if it must", () => {
  for (const letter of ["x", "\u0000", "語", "\u{1f600}", "x\u{1f600}"]) {
    const status = encodeError(
      new PollenError("io", `-${letter.repeat(50_000)}`, { fix: letter.repeat(50_000) }),
    );
    assert(status.trailer!.length <= 8_192);
    assert(status.details.length <= 1_000 && status.details.isWellFormed());
    assert.equal(decodeError(status).code, "io");
  }
});

Deno.test("a status without our trailer gets the nearest code", () => {
  const expected: [number, string, ErrorCode][] = [
    [1, "", "cancelled"],
    [4, "", "timeout"],
    [7, "no", "permission_denied"],
    [8, "queue", "exhausted"],
    [8, "Received message larger than max (9 vs 1)", "too_large"],
    [12, "", "unsupported"],
    [14, "", "unavailable"],
    [2, "", "internal"],
    [99, "", "internal"],
  ];
  for (const [code, details, want] of expected) {
    const error = decodeError(foreign(code, details));
    assert.equal(error.code, want);
    assert.match(error.message, /\.$/);
  }
});

Deno.test("a trailer that is not ours is ignored", () => {
  const trailers = ["", "{", "null", "7", "[]", '{"code":"weird","message":"x"}', '{"code":"io"}'];
  for (const trailer of [...trailers, `{"code":"io","message":"${"x".repeat(9_000)}"}`]) {
    assert.equal(decodeError(foreign(5, "gone", trailer)).code, "not_found");
  }
  const odd = decodeError(
    foreign(5, "", '{"code":"io","message":"m","fix":7,"details":{"a":{},"b":1}}'),
  );
  assert.deepEqual([odd.code, odd.fix, odd.details], ["io", undefined, { b: 1 }]);
});

Deno.test("what is not ours is not told", () => {
  const error = toPublicError(new Error("secret"));
  assert.equal(error.code, "internal");
  assert.doesNotMatch(error.text, /secret/);
});
