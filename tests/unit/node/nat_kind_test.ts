// What the words of several peers say of the router between them and this node.

import { equal } from "node:assert/strict";
import { natKindOf } from "../../../lib/node/nat_kind.ts";

const OWN_IP = "8.8.8.8";
const OWN_PORT = 60_611;

/** The kind when each peer, all at addresses of their own unless named, sees us at this port. */
function kindOf(ports: readonly number[], ip = "9.9.9.9", from?: string): string {
  const words = ports.map((port, index) => ({
    from: from ?? `192.0.2.${index}`,
    at: { ip, port },
  }));
  return natKindOf(words, [OWN_IP], OWN_PORT);
}

Deno.test("the same port for everybody is one kind, another one for each the other", () => {
  equal(kindOf([5, 5]), "endpoint_independent");
  equal(kindOf([5, 6]), "per_destination");
  equal(kindOf([5, 6, 7]), "per_destination");
});

Deno.test("who is seen at an address of his own has no router that changes anything", () => {
  equal(kindOf([OWN_PORT], OWN_IP), "none");
  equal(kindOf([OWN_PORT, OWN_PORT], OWN_IP), "none");
  equal(kindOf([5, 5], OWN_IP), "endpoint_independent");
});

Deno.test("one peer, or several behind one address, say nothing of it", () => {
  equal(kindOf([]), "unknown");
  equal(kindOf([5]), "unknown");
  equal(kindOf([5, 5], "9.9.9.9", "192.0.2.1"), "unknown");
  equal(kindOf([5, 6], "9.9.9.9", "192.0.2.1"), "unknown");
});

Deno.test("one liar among three changes nothing, and an even quarrel is left open", () => {
  equal(kindOf([5, 5, 6]), "endpoint_independent");
  equal(kindOf([5, 5, 6, 6]), "unknown");
});
