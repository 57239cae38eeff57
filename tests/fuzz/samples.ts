// Valid inputs, from which the almost valid ones are made.

import { encodeInviteToken, encodeJoinToken } from "../../lib/auth/mod.ts";
import { encodePem } from "../../lib/auth/pem.ts";
import { IDENTITY_KEY } from "../../lib/auth/key_files.ts";
import { encodeInvites } from "../../lib/config/consumed_invites_file.ts";
import { InviteToken, JoinToken, Links } from "../../lib/proto/mod.ts";
import { concat, encodeAddress, encodeNumber, encodeText } from "../../lib/quic/records.ts";
import { encodeError } from "../../lib/rpc/status.ts";
import { encodeProbe, PROBE_NONCE_BYTES } from "../../lib/sock/mod.ts";
import { encodeLinks, linkName } from "../../lib/store/links.ts";
import { PollenError } from "../../lib/types/mod.ts";
import { goldenEntries } from "../golden/golden.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { BOB, EVE, FILE, load, ME, revocation } from "../unit/store/fixtures.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const messagesOf = (type: string) => goldenEntries().filter((entry) => entry.type === type);

export const TOKENS: readonly string[] = [
  ...messagesOf(JoinToken.typeName).map(({ bytes }) => encodeJoinToken(JoinToken.decode(bytes))),
  ...messagesOf(InviteToken.typeName)
    .map(({ bytes }) => encodeInviteToken(InviteToken.decode(bytes))),
];

async function ownState(): Promise<string> {
  const disk = new MemoryDisk();
  await using store = await load(disk);
  store.upsertLocalService(8_080, "web");
  store.upsertLocalService(443, "9");
  store.removeLocalServices("9");
  store.setLastAddr(BOB, { ip: "192.0.2.1", port: 60_611 });
  store.addDesiredConnection(BOB, 80, 8_080);
  store.setLocalConnected(BOB, true);
  store.publishRevocation(revocation(EVE));
  await store.save();
  return disk.text(FILE)!;
}

export const STATES: readonly string[] = [
  await ownState(),
  `local:\n  identityPublic: ${ME}\npeers:\n  - identityPublic: ${BOB}\n    addresses: [10.0.0.2]\n`,
];

export const CONFIGS: readonly string[] = [
  `# mine
bootstrapPeers:
  - peerPub: "${BOB}"
    addrs: [node.example:60611, "[2001:db8::1]:4000"]
certTTLs: {membership: 8760h, admin: 1h30m}
congestion: bbr
future: &a {x: [1, 2]}
`,
  `bootstrapPeers:\n  - peerPub: ${EVE}\n    addrs:\n      - 192.0.2.1\n`,
];

export const CONSUMED: readonly string[] = [
  text(encodeInvites(
    new Map([[
      "a",
      {
        tokenId: "a",
        expiresAtUnix: 1_800_000_000n,
        consumedAtUnix: 1_700_000_000n,
        subject: BOB,
        joinToken: Uint8Array.of(1, 2, 3),
      },
    ]]),
  )),
  '{"invites":null}',
];

export const KEY_FILES: readonly string[] = [
  text(encodePem(IDENTITY_KEY.privateType, new Uint8Array(32).fill(7))),
  text(encodePem(IDENTITY_KEY.publicType, new Uint8Array(32).fill(7))),
];

export const BACKGROUND_NOTES: readonly string[] = [
  '{"pid":4711,"flags":["--port","60611","--no-relay"]}\n',
  '{"pid":1,"flags":[]}',
];

export const REGISTRY_SETTINGS: readonly string[] = [
  `# ours
port: 8080
httpPort: 0
heartbeatTimeout: 1m30s
storage: sqlite:/var/lib/pollen/registry.db
bind: [127.0.0.1, "::1"]
open: false
allowHosts: &hosts
  - registry.example
apiKey: "0123456789abcdef"
tls: {cert: a.pem, key: b.pem}
log:
  level: warn
  format: json
`,
  '{"port": 1, "bind": "127.0.0.1", "log": {"level": "info"}}',
];

const sum = "0123456789abcdef".repeat(4);
export const RELEASE_LISTS: readonly string[] = [
  `${sum}  pollen-0.1.0-linux-x64\n${sum}  pollen-0.1.0-windows-x64.exe\n`,
  `${sum}  install.sh\n${sum}  pollen-1.2.3-rc.1-linux-x64\n`,
];

/** A session's id, as the registry of `registry_targets.ts` draws it. */
const SESSION = "07".repeat(32);
/** Requests to a registry: the line of the request, headers, and behind an empty line the body. */
export const REQUESTS: readonly string[] = [
  "GET /api/nodes?offline=true\nhost: localhost:8081\nauthorization: Bearer a key",
  `GET /api/nodes/a%20b%2F1\nhost: [::1]:8081\ncookie: a=b; pollen_session_8081=${SESSION}`,
  `DELETE /api/nodes/x\nhost: 127.0.0.1\norigin: http://127.0.0.1\ncookie: pollen_session=${SESSION}`,
  'POST /api/session\nhost: localhost\ncontent-type: application/json\n\n{"token":"a key"}',
  `DELETE /api/session\nhost: localhost\norigin: http://localhost\ncookie: pollen_session=${SESSION}`,
  "GET /api/session\nhost: registry.example:1\nauthorization: a key",
  "GET /api/network\nhost: localhost\nauthorization: bearer a key",
  "GET /api/services\nhost: localhost\nauthorization: bearer a key",
  "GET /api/events\nhost: localhost\nauthorization: Bearer a key\nlast-event-id: 0-12",
  "OPTIONS /api/nodes\nhost: localhost\norigin: https://example.net",
  'GET /\nhost: localhost\nif-none-match: "abc"\naccept-encoding: gzip, br;q=0',
  "HEAD /healthz\nhost: localhost",
];

/** Two records as the engine writes them: header of six numbers, payload. */
export const RECORDS: readonly Uint8Array[] = [
  concat([8, 7, 0, 0, 0, 3].map(encodeNumber).concat(Uint8Array.of(1, 2, 3))),
  concat([9, 0xffff_ffff, 2, 3, 4, 0, 5, 1, 1, 1, 1, 1].map(encodeNumber).concat(Uint8Array.of(0))),
];

export const PAYLOADS: readonly Uint8Array[] = [
  concat([
    encodeAddress({ ip: "fe80::1%eth0", port: 65_535 }),
    new Uint8Array(8),
    encodeText("why\u202e"),
  ]),
];

export const ERRORS: readonly string[] = [
  text(
    encodeError(new PollenError("not_found", "No.", { fix: "Do.", details: { a: 1 } })).trailer!,
  ),
];

/** Links without and with a carrier. */
export const LINKS: readonly Uint8Array[] = [
  new Map([
    [linkName(BOB), { isRelayed: false, carrier: null, rttMs: 12 }],
    [linkName(EVE), { isRelayed: true, carrier: linkName(ME), rttMs: null }],
  ]),
  new Map([[linkName(EVE), { isRelayed: true, carrier: null, rttMs: 16_000 }]]),
].map((links) => Links.encode(encodeLinks(links)));

export const PROBES: readonly Uint8Array[] = (["ask", "answer"] as const)
  .map((kind) => encodeProbe({ kind, nonce: new Uint8Array(PROBE_NONCE_BYTES).fill(9) }));

export const DURATIONS: readonly string[] = ["8760h", "1h30m", "500ms", "-5m", "0", "1.5h", "2µs"];
export const ADDRESSES: readonly string[] = [
  "192.0.2.1:60611",
  "[2001:db8::1]:4000",
  "fe80::1%eth0",
  "node.example",
  "::ffff:10.0.0.1",
  "203.0.113.7,2001:db8::7",
];
export const PORTS: readonly string[] = ["80", "65535", "0"];
export const NAMES: readonly string[] = ["web", "a service", "ß".repeat(64)];
export const KEYS: readonly string[] = [BOB, BOB.slice(0, 8), EVE.toUpperCase()];
export const COMMAND_LINES: readonly string[] = [
  "--dir /tmp/x up --port 60611 --ips 10.0.0.1",
  "connect web --local-port 8080 --json",
  "join --no-start token",
  "invite --ttl 1h -- -x",
  "revoke 01234567 -h",
];
