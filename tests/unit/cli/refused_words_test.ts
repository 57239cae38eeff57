// Every word of a person that is refused before or by a daemon in good order: ports, addresses,
// names, keys, times. Each with its words and its exit code, and nothing on standard output.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { PollenError } from "../../../lib/types/mod.ts";
import { inFolder, key, pollen, withDaemon } from "./support.ts";

const PORT = /is not a .*port\. A port is a number from 1 to 65535\./;

/** What is typed, the exit code, and what is said. */
const CASES: readonly [words: string, code: number, text: RegExp][] = [
  // Ports.
  ["serve 0", 2, PORT],
  ["serve 65536", 2, PORT],
  ["serve -1", 2, /-1/],
  ["serve 8o80", 2, PORT],
  ["serve 1e3", 2, PORT],
  ["connect web --local-port 0", 2, PORT],
  ["connect web --local-port 65536", 2, PORT],
  ["connect web bb 65536", 2, PORT],
  ["up --port 65536", 2, PORT],
  ["up --port -1", 2, /-1/],
  // Addresses.
  ["up --ips 0.0.0.0", 2, /"0\.0\.0\.0" is not an address of one machine\. Give --ips/],
  ["up --ips ::", 2, /"::" is not an address of one machine/],
  ["up --ips 255.255.255.255", 2, /not an address of one machine/],
  ["up --ips example.org", 2, /is not an IP address\. Write addresses, not names/],
  ["up --ips ,", 2, /--ips names no address/],
  [`invite --bootstrap ${key("ab")}@0.0.0.0:7`, 2, /names no machine.*Name an address/],
  [`invite --bootstrap ${key("ab")}@[::]:7`, 2, /names no machine/],
  [`invite --bootstrap ${key("ab")}@0:0:0:0:0:0:0:0`, 2, /names no machine/],
  [`invite --bootstrap ${key("ab")}@`, 2, /cannot be empty\. Write it as host/],
  [`invite --bootstrap 192.0.2.1:7`, 2, /KEY@HOST:PORT/],
  // The registry beside a node.
  ["up --registry-bind 127.0.0.1", 2, /--registry-bind is given, and no registry\. Add --registry/],
  ["up --registry-tls", 2, /--registry-tls is given, and no registry/],
  ["up --registry --registry-bind here", 2, /"here" is not an IP address.*--registry-bind 127/],
  ["up --registry --registry-port 70000", 2, PORT],
  // Names and keys.
  [`serve 80 ${"x".repeat(65)}`, 2, /65 characters is not possible\. Choose one of 1 to 64/],
  ["connect web xyz", 2, /not the beginning of a key\. Keys are written with/],
  ["revoke xyz", 2, /not the beginning of a key/],
  ["revoke ee", 3, /"ee".*pollen status/],
  ["invite abcd", 2, /64 hexadecimal/],
  // Services: unknown, near, twice, away.
  ["connect wbe", 3, /No machine of the network offers "wbe"\. .*"web"/],
  ["connect nothing", 3, /No machine of the network offers "nothing"\. See what there is/],
  [
    "connect api",
    5,
    /offered more than once:\n- api \(bb000000:9000\)\n- api \(cc000000:9000\)\s+Say/,
  ],
  [
    "connect db",
    3,
    /cannot be reached\. It is offered by dd000000, which is offline from here: .* Start pollen/,
  ],
  ["connect web cc", 3, /No machine whose key begins with "cc" offers "web"\. It is offered by bb/],
  ["disconnect 1", 3, /Nothing called "1" is forwarded here\. .*pollen status/],
  // Times.
  ["invite --ttl 0", 2, /token ttl must be positive\. Say how long/],
  ["invite --for 0", 2, /for a second at least\. Say for how long/],
  ["invite --for never", 2, /not a duration/],
  ["invite --ttl soon", 2, /not a duration/],
];

for (const [words, code, text] of CASES) {
  Deno.test(`refused: ${words.slice(0, 60)}`, () =>
    withDaemon({}, async (dir) => {
      const ran = await pollen([...words.split(" "), "--dir", dir]);
      assert.equal(ran.code, code, ran.stderr);
      assert.equal(ran.stdout, "");
      assert.match(ran.stderr, text);
      assert.doesNotMatch(ran.stderr, /\n\s+at |undefined/);
    }));
}

Deno.test("a port that is busy or served is the daemon's to refuse, and its words arrive", () => {
  const busy = new PollenError("already_exists", "already connected to port 8080 on peer bb.", {
    fix: "Use 127.0.0.1:8081.",
  });
  return withDaemon({ connectService: () => Promise.reject(busy) }, async (dir) => {
    const ran = await pollen(["connect", "web", "--dir", dir]);
    assert.deepEqual([ran.code, ran.stdout], [1, ""]);
    assert.match(ran.stderr, /already connected .*Use 127\.0\.0\.1:8081\./);
  });
});

Deno.test("a UDP port that is busy is named with what to do", () =>
  inFolder(async (dir) => {
    const now = () => Date.now() as never;
    assert.equal((await pollen(["init", "--dir", dir], { now })).code, 0);
    const busy = createSocket("udp6").bind(0);
    await once(busy, "listening");
    const { port } = busy.address();
    const ran = await pollen(["up", "--port", String(port), "--dir", dir], { now });
    assert.deepEqual([ran.code, ran.stdout], [1, ""]);
    busy.close();
    assert.match(ran.stderr, new RegExp(`UDP port ${port} is taken .*Choose another one`));
  }));
