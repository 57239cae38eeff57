// One spelling per address.

import { equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { normalizeRelayAddr } from "../../../lib/config/mod.ts";

Deno.test("a missing port is 60611, and IPv6 literals get brackets", () => {
  const table: [string, string][] = [
    ["host", "host:60611"],
    ["  host.example  ", "host.example:60611"],
    ["host:1234", "host:1234"],
    ["192.0.2.1", "192.0.2.1:60611"],
    ["192.0.2.1:80", "192.0.2.1:80"],
    ["2001:db8::1", "[2001:db8::1]:60611"],
    ["[2001:db8::1]", "[2001:db8::1]:60611"],
    ["[2001:db8::1]:9", "[2001:db8::1]:9"],
    ["fe80::1%eth0", "[fe80::1%eth0]:60611"],
    ["::", "[::]:60611"],
    ["bücher.example", "bücher.example:60611"],
  ];
  for (const [spec, expected] of table) equal(normalizeRelayAddr(spec), expected, spec);
});

Deno.test("an empty address says so", () => {
  for (const spec of ["", "   "]) {
    throws(() => normalizeRelayAddr(spec), { message: "relay address cannot be empty." });
  }
});

Deno.test("what is no address is refused", () => {
  const specs = [
    "host:0",
    "host:65536",
    "host:http",
    "host:",
    ":60611",
    "[]",
    "[host",
    "[2001:db8::1]x",
    "1:2:3",
    "a b",
    "http://host",
    "host/path",
    "-host",
    "user@host",
    "x".repeat(254),
  ];
  for (const spec of specs) {
    throws(() => normalizeRelayAddr(spec), { code: "invalid_argument" }, spec);
  }
});

Deno.test("normalizing twice changes nothing, and nothing but a refusal is thrown", () => {
  fc.assert(fc.property(
    fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.domain()),
    (spec) => {
      let once: string;
      try {
        once = normalizeRelayAddr(spec);
      } catch (thrown) {
        equal((thrown as { code?: string }).code, "invalid_argument");
        return;
      }
      equal(normalizeRelayAddr(once), once);
    },
  ));
});
