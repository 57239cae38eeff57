// What `pollen connect` makes of what people type.

import assert from "node:assert/strict";
import { NodeStatus } from "../../../lib/proto/mod.ts";
import { networkOf } from "../../../lib/cli/network.ts";
import { readWish, resolveService, type Wish } from "../../../lib/cli/resolve_service.ts";
import { type ErrorCode, PollenError } from "../../../lib/types/mod.ts";
import { key, node, sampleStatus } from "./support.ts";

const network = networkOf(sampleStatus());
const none = { provider: undefined, localPort: undefined };

function wish(service: string, provider?: string): Wish {
  return { service, provider, localPort: undefined };
}

function refused(body: () => unknown, code: ErrorCode, text: RegExp): void {
  assert.throws(body, (thrown) => {
    assert(thrown instanceof PollenError);
    assert.equal(thrown.code, code, thrown.text);
    assert.match(thrown.text, text);
    return true;
  });
}

Deno.test("arguments are service, provider, local port; a port in second place is the local port", () => {
  const read = (positionals: string[], flags = {}) => readWish(positionals, { ...none, ...flags });
  assert.deepEqual(read(["api"]), wish("api"));
  assert.deepEqual(read(["api", "3f9a"]), wish("api", "3f9a"));
  assert.deepEqual(read(["api", "9000"]), { ...wish("api"), localPort: 9000 });
  assert.deepEqual(read(["api", "99999"]), wish("api", "99999"), "no port, so a key");
  assert.deepEqual(read(["api", "1234", "9000"]), { ...wish("api", "1234"), localPort: 9000 });
  const flags = { provider: "1234", localPort: "9000" };
  assert.deepEqual(read(["api"], flags), { ...wish("api", "1234"), localPort: 9000 });
  assert.deepEqual(read(["api", "9000"], { provider: "12" }), {
    ...wish("api", "12"),
    localPort: 9000,
  });
});

Deno.test("wrong and doubled arguments are refused", () => {
  const read = (positionals: string[], flags = {}) => () =>
    readWish(positionals, { ...none, ...flags });
  refused(read(["api", "3f", "0"]), "invalid_argument", /local port/);
  refused(read(["api"], { localPort: "x" }), "invalid_argument", /local port/);
  refused(read(["api", "3f", "90"], { localPort: "9" }), "invalid_argument", /twice/);
  refused(read(["api", "3f", "90"], { provider: "3f" }), "invalid_argument", /twice/);
});

Deno.test("a service goes by its name or its port", () => {
  assert.equal(resolveService(network, wish("web")).port, 8080);
  assert.equal(resolveService(network, wish("8080")).name, "web");
});

Deno.test("a name that is a port of something else wins over that", () => {
  const status = sampleStatus();
  const services = [...status.services, { name: "8080", provider: node("cc"), port: 7 }];
  assert.equal(resolveService(networkOf({ ...status, services }), wish("8080")).port, 7);
});

Deno.test("a provider goes by the first characters of its key, in either case", () => {
  assert.equal(resolveService(network, wish("api", "b")).provider, key("bb"));
  assert.equal(resolveService(network, wish("api", "CC0")).provider, key("cc"));
  refused(
    () => resolveService(network, wish("api", "xyz")),
    "invalid_argument",
    /beginning of a key/,
  );
});

Deno.test("several providers are listed", () => {
  const text =
    /more than once:\n- api \(bb000000:9000\)\n- api \(cc000000:9000\).*--provider bb000000/s;
  refused(() => resolveService(network, wish("api")), "ambiguous", text);
});

Deno.test("providers whose keys begin alike are told apart", () => {
  const start = "1234567890";
  const status = sampleStatus();
  const machines = ["a", "b"].map((end) => ({
    node: node(start + end),
    status: NodeStatus.ONLINE,
    addr: "",
    publiclyAccessible: false,
  }));
  const services = machines.map(({ node }) => ({ name: "x", provider: node, port: 1 }));
  const similar = networkOf({ ...status, nodes: machines, services });
  refused(
    () => resolveService(similar, wish("x")),
    "ambiguous",
    /1234567890a:1\).*1234567890b:1\)/s,
  );
});

Deno.test("one machine's ports of one name ask for the port", () => {
  const status = sampleStatus();
  const services = [1, 2].map((port) => ({ name: "x", provider: node("bb"), port }));
  const twice = networkOf({ ...status, services });
  refused(() => resolveService(twice, wish("x")), "ambiguous", /Say which port: pollen connect 1 /);
});

Deno.test("two names for one port of one machine are one service", () => {
  const status = sampleStatus();
  const services = ["x", "y"].map((name) => ({ name, provider: node("bb"), port: 7 }));
  assert.equal(resolveService(networkOf({ ...status, services }), wish("7")).port, 7);
});

Deno.test("an offline provider is named, and does not count beside one that is there", () => {
  refused(
    () => resolveService(network, wish("db")),
    "not_found",
    /dd000000, which is offline.*pollen up/,
  );
  const status = sampleStatus();
  const services = [...status.services, { name: "db", provider: node("bb"), port: 5432 }];
  assert.equal(resolveService(networkOf({ ...status, services }), wish("db")).provider, key("bb"));
});

Deno.test("an own service counts as reachable", () => {
  const status = sampleStatus();
  const services = [{ name: "own", provider: node("aa"), port: 1 }];
  assert.equal(resolveService(networkOf({ ...status, services }), wish("own")).provider, key("aa"));
});

Deno.test("what nobody offers is answered with what is near", () => {
  refused(
    () => resolveService(network, wish("wep")),
    "not_found",
    /offers "wep".*Did you mean "web"/,
  );
  refused(() => resolveService(network, wish("zzzzzz")), "not_found", /pollen status --all/);
  refused(
    () => resolveService(network, wish("web", "cc")),
    "not_found",
    /begins with "cc".*bb000000/,
  );
  refused(() => resolveService(network, wish("\x1b[2J")), "not_found", /"\\u\{1b\}\[2J"/);
});
