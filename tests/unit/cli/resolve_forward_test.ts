// Which forward, and which machine, is meant by what a person types.

import assert from "node:assert/strict";
import { type Network, networkOf } from "../../../lib/cli/network.ts";
import { resolveForward } from "../../../lib/cli/resolve_forward.ts";
import { resolvePeer } from "../../../lib/cli/resolve_peer.ts";
import { GetStatusResponse } from "../../../lib/proto/mod.ts";
import { type ErrorCode, PollenError } from "../../../lib/types/mod.ts";
import { key, node, sampleStatus } from "./support.ts";

/** Forwards as provider, service, its port, and the local port. */
function networkWith(...forwards: [string, string, number, number][]): Network {
  return networkOf(GetStatusResponse.create({
    connections: forwards.map(([provider, serviceName, remotePort, localPort]) => ({
      ...{ peer: node(provider), serviceName, remotePort, localPort },
      ...{ requestedLocalPort: 0, activeTunnels: 0, lastFailure: "" },
    })),
  }));
}

function refusal(step: () => unknown): { code: ErrorCode; text: string } {
  try {
    step();
  } catch (thrown) {
    assert(thrown instanceof PollenError);
    return thrown;
  }
  throw new assert.AssertionError({ message: "it was taken" });
}

Deno.test("a forward goes by its local port, else by its service, else by the service's port", () => {
  const network = networkWith(["bb", "api", 9000, 7000], ["bb", "7000", 7001, 7002]);
  const localPort = (text: string) => resolveForward(network, text, undefined).localPort;
  assert.deepEqual(["7000", "api", "9000", "7001"].map(localPort), [7000, 7000, 7000, 7002]);
});

Deno.test("several are listed, and a provider tells them apart", () => {
  const network = networkWith(["bb", "api", 9000, 7000], ["cc", "api", 9000, 7001]);
  const { code, text } = refusal(() => resolveForward(network, "api", undefined));
  assert.equal(code, "ambiguous");
  assert.match(text, /\n- 7000 -> api \(bb000000:9000\)\n- 7001 -> api \(cc000000:9000\) \n/);
  assert.equal(resolveForward(network, "api", "CC").localPort, 7001);
  assert.equal(refusal(() => resolveForward(network, "api", "dd")).code, "not_found");
  assert.equal(refusal(() => resolveForward(network, "api", "x")).code, "invalid_argument");
});

Deno.test("what is not forwarded is answered with what is near", () => {
  const { code, text } = refusal(() =>
    resolveForward(networkWith(["bb", "api", 1, 2]), "apj", undefined)
  );
  assert.equal(code, "not_found");
  assert.match(text, /Did you mean "api"\?.*pollen status/);
});

Deno.test("a machine goes by the first characters of its key, in either case", () => {
  const network = networkOf(sampleStatus());
  assert.equal(resolvePeer(network, "B"), key("bb"));
  assert.equal(resolvePeer(network, key("dd").toUpperCase()), key("dd"), "offline ones too");
  assert.equal(resolvePeer(network, "aa"), key("aa"), "this one too");
  assert.equal(refusal(() => resolvePeer(network, "e")).code, "not_found");
  for (const text of ["", "x", "0".repeat(65)]) {
    assert.equal(refusal(() => resolvePeer(network, text)).code, "invalid_argument");
  }
});

Deno.test("machines whose keys begin alike are listed, as long as it takes to tell them apart", () => {
  const alike = ["bb0000000a", "bb0000000b"].map((start) => ({
    ...{ node: node(start), status: 2, addr: "192.0.2.1:1", publiclyAccessible: false },
  }));
  const network = networkOf(GetStatusResponse.create({ nodes: alike }));
  const { code, text } = refusal(() => resolvePeer(network, "bb"));
  assert.equal(code, "ambiguous");
  assert.match(
    text,
    /^2 machines.*\n- bb0000000a offline 192\.0\.2\.1:1\n- bb0000000b .*more of the key/s,
  );
});
