// config.yaml: canonical, kept, never guessed.

import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import { CertTtls, Config } from "../../../lib/config/mod.ts";
import { parsePeerKey, PollenError } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";

const DIR = "/state";
const PATH = "/state/config.yaml";
const A = "aa".repeat(32);
const B = "0b".repeat(32);
const DIGITS = "12".repeat(32);

function load(text: string): Promise<Config> {
  const disk = new MemoryDisk();
  disk.put(PATH, text);
  return Config.load(disk, DIR);
}

Deno.test("a missing and an empty file mean the defaults", async () => {
  const missing = await Config.load(new MemoryDisk(), DIR);
  for (const config of [missing, await load(""), await load("# nothing yet\n")]) {
    deepEqual(config.bootstrapPeers, []);
    equal(config.certTtls.membershipTtl(), 365 * 86_400_000);
    equal(config.certTtls.adminTtl(), 5 * 365 * 86_400_000);
    equal(config.certTtls.tlsIdentityTtl(), 10 * 365 * 86_400_000);
  }
  const warningsOf = async (text: string) => (await load(text)).loadWarnings;
  deepEqual(missing.loadWarnings, []);
  deepEqual(await warningsOf("# nothing yet\n"), []);
  for (const text of ["", " \n"]) match((await warningsOf(text)).join(), /config\.yaml is empty/);
});

Deno.test("peers are canonical after loading", async () => {
  const config = await load(`
bootstrapPeers:
  - {peerPub: "${A.toUpperCase()}", addrs: [z.example, "a.example:1"]}
  - {peerPub: "", addrs: [ignored.example]}
  - {peerPub: ${B}, addrs: ["2001:db8::1"]}
  - peerPub: ${A}
    addrs: ["z.example:60611", b.example]
`);
  deepEqual(config.bootstrapPeers, [
    { peerKey: B, addrs: ["[2001:db8::1]:60611"] },
    { peerKey: A, addrs: ["a.example:1", "b.example:60611", "z.example:60611"] },
  ]);
  deepEqual(config.bootstrapProtoPeers()[0], {
    peerPub: Uint8Array.fromHex(B),
    addrs: ["[2001:db8::1]:60611"],
  });
});

Deno.test("a key of digits alone is not taken for a number", async () => {
  const config = await load(`bootstrapPeers: [{peerPub: ${DIGITS}, addrs: [h]}]`);
  equal(config.bootstrapPeers[0]!.peerKey, DIGITS);
  match(config.toYaml(), new RegExp(`"${DIGITS}"`));
});

Deno.test("lifetimes are Go durations; zero means the default", async () => {
  const { certTtls } = await load("certTTLs: {membership: 24h, admin: 0, tlsIdentity: 1h30m}");
  equal(certTtls.membershipTtl(), 86_400_000);
  equal(certTtls.adminTtl(), new CertTtls().adminTtl());
  equal(certTtls.tlsIdentityTtl(), 5_400_000);
});

Deno.test("the router is asked for a port unless the owner says otherwise", async () => {
  equal((await load("")).portMapping, true);
  equal((await load("portMapping: on")).toYaml(), "");
  const config = await load("portMapping: off # mine\n");
  equal(config.portMapping, false);
  equal(config.toYaml(), "portMapping: off # mine\n");
});

Deno.test("packets are carried for others unless the owner says otherwise, within a limit", async () => {
  const usual = await load("");
  deepEqual([usual.relay, usual.relayLimit], [true, 12]);
  equal((await load("relay: on\nrelayLimit: 12")).toYaml(), "");
  const config = await load("relay: off # my line is thin\nrelayLimit: 3\n");
  deepEqual([config.relay, config.relayLimit], [false, 3]);
  equal(config.toYaml(), "relay: off # my line is thin\nrelayLimit: 3\n");
});

Deno.test("congestion control is chosen by name and kept", async () => {
  equal((await load("")).congestion, "cubic");
  equal((await load("congestion: cubic")).toYaml(), "");
  const config = await load("congestion: bbr # on a lossy link\n");
  equal(config.congestion, "bbr");
  equal(config.toYaml(), "congestion: bbr # on a lossy link\n");
});

Deno.test("a file that is not understood is an error with the place, never the defaults", async () => {
  const table: [string, RegExp][] = [
    ["certTTLs: {membership: -1h}", /certTTLs\.membership must be >= 0/],
    ["certTTLs: {admin: -1h}", /certTTLs\.admin must be >= 0/],
    ["certTTLs: {tlsIdentity: -1h}", /certTTLs\.tlsIdentity must be >= 0/],
    ["certTTLs: {membership: 24}", /"24" is not a duration/],
    ["certTTLs: {membershp: 24h}", /no setting "membershp"/],
    ["certTTLs: 24h", /certTTLs must be a set/],
    [`bootstrapPeers: [{peerPub: ${A}}]`, /at least one relay address is required/],
    [`bootstrapPeers: [{peerPub: ${A}, addrs: ["a b"]}]`, /"a b" is not an address/],
    [`bootstrapPeers: [{peerPub: ${A}, addrs: h}]`, /bootstrapPeers\[0\]\.addrs must be a list/],
    [`bootstrapPeers: [{peerPub: [x], addrs: [h]}]`, /peerPub must be a single value/],
    [`bootstrapPeers: [{peerPub: abc, addrs: [h]}]`, /"abc" is not a peer's key/],
    [`bootstrapPeers: [{peerPub: ${A}, addr: [h]}]`, /no setting "addr"/],
    ["bootstrapPeers: {}", /bootstrapPeers must be a list/],
    ["bootstrapPeers: [oops]", /bootstrapPeers\[0\] must be a set/],
    ["portMapping: no", /portMapping must be on or off/],
    ["relay: maybe", /relay must be on or off/],
    ["relayLimit: 0", /relayLimit must be a number of 1 to 10000/],
    ["relayLimit: 1e3", /relayLimit must be a number/],
    ["congestion: reno", /congestion must be cubic or bbr/],
    ["congestion: [bbr]", /congestion must be a single value/],
    ["- a list", /The file must be a set/],
    ["just words", /The file must be a set/],
    ["a: [unclosed", /line 1/],
    ["a: 1\na: 2", /unique/],
    ["a: 1\n---\nb: 2", /multiple documents/],
    ["\u0000\u0001", /config\.yaml is not understood/],
    ["  \uFEFFrelay: off", /byte-order mark/],
    ["a: &\u2028b c", /Anchor must not contain whitespace/],
  ];
  for (const [text, message] of table) {
    await rejects(load(text), (error: PollenError) => {
      equal(error.code, "malformed", text);
      match(error.message, message);
      match(error.message, /^\/state\/config\.yaml is not understood\. /);
      return true;
    });
  }
});

Deno.test("any text loads or gives a PollenError", async () => {
  const words = fc.constantFrom(
    "bootstrapPeers",
    "certTTLs",
    ":",
    " ",
    "\n",
    "- ",
    "{",
    "}",
    "[",
    A,
    "&a",
    "*a",
    "!!int",
    "<<",
    "'",
    "0",
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: words })), async (text) => {
      try {
        (await load(text)).toYaml();
      } catch (thrown) {
        if (!(thrown instanceof PollenError)) throw thrown;
      }
    }),
  );
});

Deno.test("invalid UTF-8 is an error", async () => {
  const disk = new MemoryDisk();
  disk.put(PATH, Uint8Array.of(0x61, 0x3a, 0xff));
  await rejects(Config.load(disk, DIR), { code: "malformed" });
});

Deno.test("what was saved is loaded again, and only its owner may read it", async () => {
  const disk = new MemoryDisk();
  const config = new Config({
    bootstrapPeers: [{ peerKey: parsePeerKey(A), addrs: ["h"] }],
    certTtls: new CertTtls({ membershipMs: 86_400_000, adminMs: 1_500 }),
  });
  equal(await config.save(disk, DIR), config);
  equal(disk.mode(PATH), 0o600);
  const loaded = await Config.load(disk, DIR);
  deepEqual(loaded.bootstrapPeers, config.bootstrapPeers);
  deepEqual(loaded.certTtls, config.certTtls);
  equal(loaded.certTtls.membershipTtl(), 86_400_000);
  const first = disk.text(PATH)!;
  await loaded.save(disk, DIR);
  equal(disk.text(PATH)!, first);
});

Deno.test("comments and settings of other versions survive a save", async () => {
  const disk = new MemoryDisk();
  disk.put(
    PATH,
    "# by hand\npublic: true # keep\nfuture: {a: [1, '2']}\ncertTTLs: {membership: 24h}\n",
  );
  const config = await Config.load(disk, DIR);
  config.rememberBootstrapPeer({ peerPub: Uint8Array.fromHex(A), addrs: ["h"] });
  await config.save(disk, DIR);
  const text = disk.text(PATH)!;
  match(text, /# by hand\npublic: true # keep\nfuture: \{ ?a: \[ ?1, '2' ?\] ?\}/);
  match(text, /membership: 24h/);
  equal((await Config.load(disk, DIR)).bootstrapPeers.length, 1);
});

Deno.test("a failed save leaves the file as it was", async () => {
  const disk = new MemoryDisk();
  disk.put(PATH, "certTTLs: {membership: 24h}\n");
  const before = disk.snapshot();
  const config = await Config.load(disk, DIR);
  disk.isFull = () => true;
  await rejects(config.save(disk, DIR), { code: "io" });
  deepEqual(disk.snapshot(), before);
});

Deno.test("remembering a peer merges it", () => {
  const config = new Config();
  const peerPub = Uint8Array.fromHex(A);
  config.rememberBootstrapPeer({ peerPub, addrs: ["b", "a:1"] });
  config.rememberBootstrapPeer({ peerPub, addrs: ["b:60611", "c"] });
  config.rememberBootstrapPeer({ peerPub: Uint8Array.fromHex(B), addrs: ["x"] });
  deepEqual(config.bootstrapPeers, [
    { peerKey: B, addrs: ["x:60611"] },
    { peerKey: A, addrs: ["a:1", "b:60611", "c:60611"] },
  ]);
});

Deno.test("remembering refuses what is no peer", () => {
  const config = new Config();
  const peerPub = Uint8Array.fromHex(A);
  throws(() => config.rememberBootstrapPeer({ peerPub: peerPub.slice(1), addrs: ["h"] }), {
    message: "invalid bootstrap peer key length.",
  });
  throws(() => config.rememberBootstrapPeer({ peerPub, addrs: [] }), {
    message: "at least one relay address is required.",
  });
  throws(() => config.rememberBootstrapPeer({ peerPub, addrs: ["h:0"] }), {
    code: "invalid_argument",
  });
  deepEqual(config.bootstrapPeers, []);
});

Deno.test("a peer keeps 64 addresses, the newest among them", () => {
  const config = new Config();
  const peerPub = Uint8Array.fromHex(A);
  const addrs = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}:1`);
  config.rememberBootstrapPeer({ peerPub, addrs: addrs("old", 64) });
  config.rememberBootstrapPeer({ peerPub, addrs: addrs("new", 10) });
  const { addrs: kept } = config.bootstrapPeers[0]!;
  equal(kept.length, 64);
  equal(kept.filter((address) => address.startsWith("new")).length, 10);
  throws(() => config.rememberBootstrapPeer({ peerPub, addrs: addrs("x", 65) }), /more than 64/);
});

Deno.test("canonical lists do not depend on the order of remembering", () => {
  const peers = fc.array(
    fc.record({
      peerPub: fc.constantFrom(A, B, DIGITS).map((hex) => Uint8Array.fromHex(hex)),
      addrs: fc.array(fc.constantFrom("a", "a:60611", "b:1", "::1", "[::1]:60611"), {
        minLength: 1,
      }),
    }),
    { maxLength: 8 },
  );
  fc.assert(fc.property(peers, (list) => {
    const [forward, backward] = [new Config(), new Config()];
    for (const peer of list) forward.rememberBootstrapPeer(peer);
    for (const peer of list.toReversed()) backward.rememberBootstrapPeer(peer);
    deepEqual(forward.bootstrapPeers, backward.bootstrapPeers);
    deepEqual(new Config(forward).bootstrapPeers, forward.bootstrapPeers);
  }));
});

Deno.test("a negative lifetime is refused", () => {
  throws(() => new CertTtls({ membershipMs: -1 }), {
    message: "certTTLs.membership must be >= 0.",
  });
  throws(() => new CertTtls({ adminMs: NaN }), { code: "invalid_argument" });
});

Deno.test("a setting of others without a value survives a save", async () => {
  for (const source of ["? mine\n", "future:\n", "? \n: 1\n"]) {
    const disk = new MemoryDisk();
    disk.put(`${DIR}/config.yaml`, source);
    const config = await Config.load(disk, DIR);
    await config.save(disk, DIR);
    deepEqual((await Config.load(disk, DIR)).bootstrapPeers, config.bootstrapPeers, source);
  }
});
