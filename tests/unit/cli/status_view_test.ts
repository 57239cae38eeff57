// The tables and the object of `pollen status`.

import assert from "node:assert/strict";
import {
  CertHealth,
  GetStatusResponse,
  LinkInfo,
  NodeStatus,
  PathInfo,
} from "../../../lib/proto/mod.ts";
import { renderStatus, statusJson } from "../../../lib/cli/status_view.ts";
import { key, node, NOW, sampleStatus } from "./support.ts";

const plain = { all: false, wide: false, isColored: false, now: NOW, os: "linux" } as const;

function withCertificate(
  health: CertHealth,
  days: number,
  nonRenewable = false,
): GetStatusResponse {
  const nowUnix = BigInt(NOW / 1000);
  return GetStatusResponse.create({
    certificates: [{
      notBeforeUnix: nowUnix,
      notAfterUnix: nowUnix + BigInt(days * 86_400),
      serial: 0xfedc_ba98_7654_3210n,
      health,
      nonRenewable,
    }],
  });
}

function lastLine(response: GetStatusResponse): string | undefined {
  return renderStatus(response, plain).split("\n").at(-1);
}

Deno.test("what is online is shown, what is not is counted", () => {
  assert.equal(
    renderStatus(sampleStatus(), plain),
    `
PEERS
NODE             STATUS           ADDR
aa000000 (self)  online (public)  192.0.2.1:60611
bb000000         online           192.0.2.2:60611
cc000000         relay            [2001:db8::3]:60611
offline peers: 1 (use --all)

SERVICES
SERVICE  PROVIDER  PORT  LOCAL
api      bb000000  9000  -
api      cc000000  9000  -
web      bb000000  8080  8081
offline services: 1 (use --all)

FORWARDS
LOCAL                            SERVICE  PROVIDER  REMOTE  OPEN  LAST FAILURE
127.0.0.1:8081 (asked for 8080)  web      bb000000  8080    2     -
`.trim(),
  );
});

Deno.test("--all shows what is offline, --wide the keys in full", () => {
  const all = renderStatus(sampleStatus(), { ...plain, all: true });
  assert.match(all, /\ndd000000 +offline +192\.0\.2\.4:60611\n/);
  assert.match(all, /\ndb +dd000000 +5432 +-\n/);
  assert.doesNotMatch(all, /use --all/);
  const wide = renderStatus(sampleStatus(), { ...plain, wide: true });
  assert.match(wide, new RegExp(`\n${key("bb")} `));
});

Deno.test("a node alone shows itself", () => {
  const { self } = sampleStatus();
  const text = renderStatus(GetStatusResponse.create({ self }), plain);
  assert.match(text, /^PEERS\nNODE .*\naa000000 \(self\).*$/);
});

Deno.test("what a peer calls itself cannot draw on the screen, and a bad key hides only itself", () => {
  const text = renderStatus(
    GetStatusResponse.create({
      self: {
        node: node("aa"),
        status: NodeStatus.ONLINE,
        addr: "\x1b]0;x\x07",
        publiclyAccessible: false,
      },
      nodes: [{
        node: { peerId: new Uint8Array(3) },
        status: 99 as NodeStatus,
        addr: "",
        publiclyAccessible: false,
      }],
      services: [{ name: "\x1b[31mred", provider: node("aa"), port: 1 }, {
        name: "orphan",
        port: 2,
      }],
    }),
    plain,
  );
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
  assert.match(text, /\\u\{1b\}\[31mred/);
  assert.doesNotMatch(text, /orphan/);
});

Deno.test("the last line tells how long the membership lasts", () => {
  assert.equal(lastLine(withCertificate(CertHealth.OK, 40)), "membership expires in 40d");
  assert.equal(lastLine(withCertificate(CertHealth.OK, 3, true)), "guest membership expires in 3d");
  assert.match(lastLine(withCertificate(CertHealth.RENEWING, 20))!, /20d — it is being renewed/);
  assert.match(lastLine(withCertificate(CertHealth.EXPIRING_SOON, 3))!, /not renewed/);
  assert.doesNotMatch(lastLine(withCertificate(CertHealth.EXPIRED, -1))!, /membership/);
});

Deno.test("what keeps this machine from taking part comes last, with the cure", () => {
  const conditions = [
    { kind: "membership_expired", message: "It is over.", fix: "Do this." },
    { kind: "refused_by_peer", message: "No:\x1b[2J", fix: "Ask." },
  ];
  const status = GetStatusResponse.create({
    ...withCertificate(CertHealth.EXPIRED, -1),
    conditions,
  });
  const lines = renderStatus(status, plain).split("\n");
  assert.deepEqual(lines.slice(-3), ["", "It is over. Do this.", "No:\\u{1b}[2J Ask."]);
  assert.deepEqual(statusJson(status)["conditions"], conditions);
});

Deno.test("who is reached over a relay is shown with who carries it, and how it fares", () => {
  const status = sampleStatus();
  const link = LinkInfo.create({
    protocol: "pollen/2",
    version: "1.2.3",
    path: PathInfo.create({
      carrier: node("bb"),
      sinceUnix: 1_767_225_600n,
      rttUs: 12_345,
      packetsSent: 1_000n,
      packetsLost: 7n,
    }),
  });
  const nodes = status.nodes.map((each) =>
    each.status === NodeStatus.RELAY ? { ...each, link } : each
  );
  const text = renderStatus({ ...status, nodes }, plain);
  assert.match(text, /\ncc000000 +relay \(through bb000000\) +\[2001:db8::3\]:60611\n/);
  const peers = statusJson({ ...status, nodes })["peers"] as Record<string, unknown>[];
  assert.deepEqual(peers.find(({ status }) => status === "relay")!["path"], {
    carrier: key("bb"),
    since: "2026-01-01T00:00:00Z",
    rttMs: 12.345,
    packetsSent: 1_000,
    packetsLost: 7,
    loss: 0.007,
  });
});

Deno.test("who speaks pollen/1 alone is marked, because less works with him", () => {
  const status = sampleStatus();
  const link = LinkInfo.create({ protocol: "pollen/1" });
  const nodes = status.nodes.map((each) =>
    each.status === NodeStatus.ONLINE ? { ...each, link } : each
  );
  assert.match(renderStatus({ ...status, nodes }, plain), / online \((public, )?pollen\/1\) /);
  assert.doesNotMatch(renderStatus(status, plain), /pollen\/1/);
});

const NO_LINK = { protocol: null, version: null, path: null };
const TCP = { transport: "tcp", droppedPackets: 0 };

Deno.test("UDP is named with its port, and what was given up is counted", () => {
  const status = sampleStatus();
  const provider = node("bb");
  const udp = { port: 53, udp: true, droppedPackets: 0n };
  const text = renderStatus({
    ...status,
    services: [{ name: "dns", provider, ...udp }, { name: "dns-tcp", provider, port: 53 }],
    connections: [{
      ...status.connections[0]!,
      serviceName: "dns",
      remotePort: 53,
      localPort: 5353,
      udp: true,
      droppedPackets: 7n,
    }],
  }, plain);
  assert.match(text, /^dns +bb000000 +53\/udp +5353 *$/m);
  assert.match(text, /^dns-tcp +bb000000 +53 +-$/m);
  assert.match(text, /^127\.0\.0\.1:5353 .* 53\/udp /m);
  assert.match(text, /^dns: 7 packets dropped$/m);
});

Deno.test("the object holds everything, with full keys, times and nothing lost", () => {
  const { certificates } = withCertificate(CertHealth.EXPIRING_SOON, 1);
  const limitsReached = new Map([["frames_unsent", 3n]]);
  const object = statusJson({ ...sampleStatus(), certificates, limitsReached });
  assert.deepEqual(JSON.parse(JSON.stringify(object)), {
    self: {
      key: key("aa"),
      status: "online",
      address: "192.0.2.1:60611",
      isPublic: true,
      ...NO_LINK,
    },
    peers: [
      { key: key("bb"), status: "online", address: "192.0.2.2:60611", isPublic: false, ...NO_LINK },
      {
        key: key("cc"),
        status: "relay",
        address: "[2001:db8::3]:60611",
        isPublic: false,
        ...NO_LINK,
      },
      { key: key("dd"), status: "offline", address: "192.0.2.4:60611", isPublic: true, ...NO_LINK },
    ],
    services: [
      { name: "api", provider: key("bb"), port: 9000, ...TCP, isOnline: true },
      { name: "api", provider: key("cc"), port: 9000, ...TCP, isOnline: true },
      { name: "db", provider: key("dd"), port: 5432, ...TCP, isOnline: false },
      { name: "web", provider: key("bb"), port: 8080, ...TCP, isOnline: true },
    ],
    forwards: [{
      localPort: 8081,
      requestedLocalPort: 8080,
      service: "web",
      provider: key("bb"),
      remotePort: 8080,
      ...TCP,
      activeTunnels: 2,
      lastFailure: null,
    }],
    certificates: [{
      notBefore: "2026-01-01T00:00:00Z",
      notAfter: "2026-01-02T00:00:00Z",
      serial: "fedcba9876543210",
      health: "expiringSoon",
      isRenewable: true,
    }],
    network: null,
    socket: null,
    limitsReached: { frames_unsent: 3 },
    conditions: [],
  });
});
