// Addresses as text and as values.

import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  formatAddress,
  isIpLiteral,
  isPort,
  joinHostPort,
  PollenError,
  splitHostPort,
} from "../../../lib/types/mod.ts";

Deno.test("addresses are written with brackets around IPv6 only", () => {
  equal(formatAddress({ ip: "10.0.0.1", port: 60_611 }), "10.0.0.1:60611");
  equal(formatAddress({ ip: "2001:db8::1", port: 1 }), "[2001:db8::1]:1");
  equal(formatAddress({ ip: "fe80::1%eth0", port: 1 }), "[fe80::1%eth0]:1");
  equal(joinHostPort("example.org", 80), "example.org:80");
});

Deno.test("host and port are told apart", () => {
  deepEqual(splitHostPort("10.0.0.1:60611"), { host: "10.0.0.1", port: 60_611 });
  deepEqual(splitHostPort("[2001:db8::1]:65535"), { host: "2001:db8::1", port: 65_535 });
  deepEqual(splitHostPort("[fe80::1%eth0]:1"), { host: "fe80::1%eth0", port: 1 });
  deepEqual(splitHostPort("example.org:80"), { host: "example.org", port: 80 });
});

Deno.test("what has no host or no port of 1 to 65535 is no address", () => {
  const bad = [
    "",
    ":80",
    "host",
    "host:",
    "host:0",
    "host:65536",
    "host:-1",
    "host:1.5",
    "host:80x",
    "host:0x50",
    "2001:db8::1:80",
    "[::1]",
    "[::1]80",
    "[::1:80",
  ];
  for (const text of bad) {
    throws(
      () => splitHostPort(text),
      (error) => error instanceof PollenError && error.code === "invalid_argument",
      text,
    );
  }
});

Deno.test("what was written is read back", () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), port, (host, port) => {
    deepEqual(splitHostPort(joinHostPort(host, port)), { host, port });
  }));
});

Deno.test("arbitrary text is an address or a PollenError", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      splitHostPort(text);
    } catch (error) {
      equal(error instanceof PollenError, true);
    }
  }));
});

Deno.test("ports are whole numbers of 1 to 65535", () => {
  deepEqual([1, 80, 65_535].map(isPort), [true, true, true]);
  deepEqual([0, -1, 65_536, 1.5, NaN, Infinity].map(isPort), Array(6).fill(false));
});

Deno.test("IP literals are told from names", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => isIpLiteral(ip)));
  fc.assert(fc.property(fc.domain(), (name) => !isIpLiteral(name)));
  for (
    const text of [
      "",
      "256.0.0.1",
      "1.2.3",
      "1.2.3.4.5",
      "localhost",
      "g::1",
      "[::1]",
      "1.2.3.4:5x",
    ]
  ) {
    equal(isIpLiteral(text), false, text);
  }
  equal(isIpLiteral("fe80::1%eth0"), true);
});
