// The closed list of error codes and its tables.

import { deepEqual, equal } from "node:assert/strict";
import {
  errorText,
  EXIT_CODE_OF,
  GRPC_STATUS_OF,
  isErrorCode,
  PollenError,
  toPollenError,
} from "../../../lib/types/mod.ts";

Deno.test("both tables know the same codes", () => {
  deepEqual(Object.keys(GRPC_STATUS_OF).sort(), Object.keys(EXIT_CODE_OF).sort());
});

Deno.test("a status is one of gRPC's failures, an exit code one of the documented ones", () => {
  for (const status of Object.values(GRPC_STATUS_OF)) {
    equal(Number.isInteger(status) && status >= 1 && status <= 16, true);
  }
  for (const exit of Object.values(EXIT_CODE_OF)) {
    equal([1, 2, 3, 4, 5, 6, 7, 8, 130].includes(exit), true);
  }
});

Deno.test("the exit codes that scripts rely on", () => {
  equal(EXIT_CODE_OF.invalid_argument, 2);
  equal(EXIT_CODE_OF.not_found, 3);
  equal(EXIT_CODE_OF.permission_denied, 4);
  equal(EXIT_CODE_OF.ambiguous, 5);
  equal(EXIT_CODE_OF.unavailable, 6);
  equal(EXIT_CODE_OF.refused, 7);
  equal(EXIT_CODE_OF.timeout, 8);
  equal(EXIT_CODE_OF.cancelled, 130);
});

Deno.test("a code is told from other text and from what every object has", () => {
  equal(isErrorCode("timeout"), true);
  for (const value of ["", "TIMEOUT", "toString", "__proto__", 4, null, undefined]) {
    equal(isErrorCode(value), false);
  }
});

Deno.test("the text is the message and, if there is one, what to do next", () => {
  const bare = new PollenError("timeout", "It took too long.");
  equal(bare.text, "It took too long.");
  equal(bare.cause, undefined);
  const cause = new Error("inner");
  const full = new PollenError("io", "The disk is full.", {
    fix: "Make room.",
    cause,
    details: { freeBytes: 0 },
  });
  equal(full.text, "The disk is full. Make room.");
  equal(full.cause, cause);
  deepEqual(full.details, { freeBytes: 0 });
  equal(full.name, "PollenError");
});

Deno.test("whatever was thrown has a text and becomes a PollenError", () => {
  const own = new PollenError("closed", "It is closed.", { fix: "Open it." });
  equal(toPollenError(own), own);
  equal(errorText(own), "It is closed. Open it.");
  const foreign = new TypeError("x is not a function");
  equal(errorText(foreign), "x is not a function");
  equal(toPollenError(foreign).code, "internal");
  equal(toPollenError(foreign).cause, foreign);
  equal(errorText("a string"), "a string");
  equal(errorText(undefined), "undefined");
});
