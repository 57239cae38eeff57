// Whom an invite names besides its issuer.

import { deepEqual } from "node:assert/strict";
import { forwardersOf } from "../../../lib/node/forwarders.ts";
import { formatAddress, type PeerKey } from "../../../lib/types/mod.ts";
import { key } from "../store/fixtures.ts";

function candidate(
  peer: PeerKey,
  ips: readonly string[],
  activeIp: string | null = null,
  externalPort = 0,
) {
  const told = { ips, localPort: 7, externalPort, lastAddr: { ip: "9.9.9.9", port: 99 } };
  return { peer, told, active: activeIp === null ? null : { ip: activeIp, port: 7 } };
}

const named = (...candidates: Parameters<typeof forwardersOf>[0]) =>
  forwardersOf(candidates).map(({ peer, addresses }) => [
    peer.slice(0, 2),
    ...addresses.map(formatAddress),
  ]);

Deno.test("who is reached at a public address comes first, then who claims one, then the site's", () => {
  deepEqual(
    named(
      candidate(key(0xa1), ["10.0.0.1"]),
      candidate(key(0xa2), ["10.0.0.2"], "10.0.0.2"),
      candidate(key(0xa3), ["8.8.8.8"]),
      candidate(key(0xa4), ["10.0.0.4", "1.1.1.1"], "1.1.1.1"),
    ),
    [["a4", "1.1.1.1:7", "10.0.0.4:7"], ["a3", "8.8.8.8:7"], ["a2", "10.0.0.2:7"]],
  );
});

Deno.test("only addresses that it tells of itself, and that mean something elsewhere", () => {
  deepEqual(
    named(
      candidate(key(0xb1), [], "8.8.8.8"),
      candidate(key(0xb2), ["127.0.0.1", "169.254.1.1", "fe80::1"], "127.0.0.1"),
      candidate(key(0xb3), ["1.1.1.1", "10.0.0.1", "8.8.4.4"], null, 80),
    ),
    [["b3", "1.1.1.1:80", "8.8.4.4:80"]],
  );
});
