// The settings of a registry, from a file in YAML or JSON.

import { deepEqual, throws } from "node:assert/strict";
import { parseRegistrySettings } from "../../../lib/config/mod.ts";

const ALL = {
  port: 50_052,
  httpPort: 8_081,
  heartbeatTimeoutMs: 60_000,
  storage: "postgres://db/nodes",
  bind: ["127.0.0.1", "::1"],
  isOpen: false,
  allowedHosts: ["registry.example"],
  tlsCert: "chain.pem",
  tlsKey: "key.pem",
  logLevel: "warn",
  logFormat: "json",
};

Deno.test("every setting is read, in YAML and in JSON alike", () => {
  const yaml = `
port: 50052
httpPort: 8081
heartbeatTimeout: 1m
storage: postgres://db/nodes
bind: [127.0.0.1, "::1"]
open: false
allowHosts: registry.example
tls: { cert: chain.pem, key: key.pem }
log: { level: warn, format: json }
`;
  const json = JSON.stringify({
    port: 50_052,
    httpPort: 8_081,
    heartbeatTimeout: "1m",
    storage: "postgres://db/nodes",
    bind: ["127.0.0.1", "::1"],
    open: false,
    allowHosts: ["registry.example"],
    tls: { cert: "chain.pem", key: "key.pem" },
    log: { level: "warn", format: "json" },
  });
  for (const text of [yaml, json]) deepEqual(parseRegistrySettings(text), ALL);
  for (const text of ["", "# nothing\n", "{}", "port:\n"]) {
    deepEqual(parseRegistrySettings(text), {});
  }
});

Deno.test("a setting that is none is refused, with its place and what there is", () => {
  const cases: readonly [string, RegExp][] = [
    ["prot: 1", /The file has no setting "prot"; it knows port,/],
    ["log: {colour: red}", /log has no setting "colour"; it knows level, format/],
    ["port: 65536", /port must be a port/],
    ["httpPort: x", /httpPort must be a port/],
    ["open: perhaps", /open must be true or false/],
    ["log: {format: xml}", /log\.format must be/],
    ["storage: 5", /storage must be a text/],
    ["tls: 5", /tls must be a set/],
    ["- 1", /The file must be a set/],
    ["port: [", /./],
    ["port: true", /port must be a port/],
    ["bind: [*nobody]", /Unresolved alias/],
    [`bind: &a ["::1"]\nallowHosts: [${"*a, ".repeat(200)}]`, /alias/],
    ["? [port]\n: 1", /has no setting/],
  ];
  for (const [text, why] of cases) {
    throws(() => parseRegistrySettings(text), (thrown: Error & { code?: string }) => {
      return thrown.code === "malformed" && why.test(thrown.message);
    }, text);
  }
});
