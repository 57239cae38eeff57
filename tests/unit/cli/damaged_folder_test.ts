// A state folder whose files are gone, empty, garbage, cut short or out of reach: each command starts
// or refuses, in words and with its exit code; no key is lost, and no identity, root or network is
// made in silence.

import assert from "node:assert/strict";
import { authorityOf } from "../../../lib/app/authority.ts";
import {
  enrol,
  genIdentityKey,
  InviteRedeemer,
  loadAdminSigner,
  loadIdentityKey,
  loadNodeCredentials,
} from "../../../lib/auth/mod.ts";
import { ConsumedInvites } from "../../../lib/config/mod.ts";
import { systemClock, systemDisk, systemRandom } from "../../../lib/host/mod.ts";
import { Store } from "../../../lib/store/mod.ts";
import type { WallMs } from "../../../lib/types/mod.ts";
import { inFolder, pollen, type Ran } from "./support.ts";

const TRUST = "keys/cluster.trust.pb";
const MEMBERSHIP = "keys/membership.cert.pb";
const CHANGE = "keys/change.token.pb";
const KEY = "keys/ed25519.key";
const PUB = "keys/ed25519.pub";
const STATE = "state.yaml";
const CONSUMED = "consumed_invites.json";
const CONFIG = "config.yaml";
const ROOT_KEY = "keys/admin_ed25519.key";

/** What is done to a file. */
const DAMAGES = {
  gone: (path: string) => Deno.remove(path),
  empty: (path: string) => Deno.truncate(path, 0),
  garbage: (path: string) => Deno.writeTextFile(path, "\x00\xffnot what it was\n"),
  half: async (path: string) => Deno.truncate(path, Math.floor((await Deno.stat(path)).size / 2)),
  folder: async (path: string) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
  },
} as const;

type Damage = keyof typeof DAMAGES;

interface Case {
  readonly file: string;
  readonly damages: readonly Damage[];
  /** What each command ends with, and says: on a machine that founded the network. */
  readonly root: Readonly<Record<string, readonly [code: number, text: RegExp]>>;
  /** The same on a machine that joined it, as far as it differs. */
  readonly member?: Readonly<Record<string, readonly [code: number, text: RegExp]>>;
}

const CUT: readonly Damage[] = ["empty", "garbage", "half"];
const RESTORE = /Restore it from a backup/;
const DAMAGED_TRUST = /cluster\.trust\.pb is damaged\. .*Restore it from a backup/s;
const DAMAGED_CERT = /membership\.cert\.pb is damaged\. .*Restore it from a backup/s;
const DAMAGED_CHANGE = /change\.token\.pb is damaged\. .*Restore it from a backup/s;
const DAMAGED_KEY = /\/ed25519\.key is damaged or no key\. .*not replaced by a new key/s;
const NO_FILE = /could not be read|is not a file/;

/** The whole list. */
const CASES: readonly Case[] = [
  {
    file: TRUST,
    damages: ["gone"],
    root: {
      up: [1, /cluster\.trust\.pb is missing\. .*Restore it .*pollen join/s],
      // Its root key tells the network: the same one is there again.
      init: [0, /root cluster/],
    },
    member: {
      init: [1, /cluster\.trust\.pb is missing\. .*was in a network\. Restore it/s],
      invite: [1, /cluster\.trust\.pb is missing/],
    },
  },
  {
    file: TRUST,
    damages: CUT,
    root: { up: [1, DAMAGED_TRUST], init: [1, DAMAGED_TRUST], invite: [1, DAMAGED_TRUST] },
    member: { up: [1, DAMAGED_TRUST], init: [1, DAMAGED_TRUST] },
  },
  {
    file: MEMBERSHIP,
    damages: ["gone"],
    root: { up: [1, /membership\.cert\.pb is missing/], init: [0, /already initialized/] },
    member: { up: [1, /pollen join/], init: [1, /holds no membership of it\. Join/] },
  },
  {
    file: MEMBERSHIP,
    damages: CUT,
    root: { up: [1, DAMAGED_CERT], init: [1, DAMAGED_CERT], invite: [1, DAMAGED_CERT] },
    member: { up: [1, DAMAGED_CERT], init: [1, DAMAGED_CERT] },
  },
  {
    file: CHANGE,
    damages: ["garbage", "empty"],
    root: { up: [1, DAMAGED_CHANGE], init: [1, DAMAGED_CHANGE], invite: [1, DAMAGED_CHANGE] },
    member: { up: [1, DAMAGED_CHANGE] },
  },
  {
    file: KEY,
    damages: ["gone"],
    root: {
      up: [1, /\/ed25519\.key is missing\. .*Restore it/s],
      init: [1, RESTORE],
      invite: [1, RESTORE],
    },
  },
  {
    file: KEY,
    damages: CUT,
    root: { up: [1, DAMAGED_KEY], init: [1, DAMAGED_KEY], invite: [1, DAMAGED_KEY] },
  },
  { file: KEY, damages: ["folder"], root: { up: [1, NO_FILE], init: [1, NO_FILE] } },
  {
    file: PUB,
    damages: CUT,
    root: { up: [1, /ed25519\.pub is damaged/], id: [1, /ed25519\.pub is damaged/] },
  },
  { file: PUB, damages: ["gone"], root: { id: [0, /^[0-9a-f]{64}\n$/], init: [0, /already/] } },
  {
    file: ROOT_KEY,
    damages: ["gone"],
    root: {
      init: [1, /admin_ed25519\.key is missing\. .*Restore it/s],
      invite: [1, /admin_ed25519\.key is missing/],
      up: [1, /admin_ed25519\.key is missing/],
    },
    member: {},
  },
  {
    file: ROOT_KEY,
    damages: CUT,
    root: {
      init: [1, /admin_ed25519\.key is damaged or no key/],
      invite: [1, /admin_ed25519\.key is damaged or no key/],
      up: [1, /admin_ed25519\.key is damaged or no key/],
    },
    member: {},
  },
  {
    file: STATE,
    damages: [...CUT, "folder"],
    root: { up: [1, /state\.yaml.*\. \S/s] },
    member: {},
  },
  {
    file: CONSUMED,
    damages: [...CUT, "folder"],
    root: { up: [1, /consumed_invites.*\. \S/s] },
    member: {},
  },
  {
    file: CONFIG,
    damages: ["garbage", "half", "folder"],
    root: { up: [1, /config\.yaml/], init: [1, /config\.yaml/], invite: [1, /config\.yaml/] },
    member: {},
  },
  // Which `up` says in its log: tests/e2e/local_refusals_test.ts.
  {
    file: CONFIG,
    damages: ["empty"],
    root: { init: [0, /already initialized/], invite: [0, /^\S+\n$/] },
    member: {},
  },
];

async function keysOf(dir: string): Promise<Record<string, string>> {
  const keys: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(`${dir}/keys`)) {
    if (isFile && name.endsWith(".key")) {
      keys[name] = await Deno.readTextFile(`${dir}/keys/${name}`);
    }
  }
  return keys;
}

/** The daemon that is kept from starting goes by the real time. */
const now = () => Date.now() as WallMs;

async function makeRoot(dir: string): Promise<void> {
  await ok(pollen(["init", "--dir", dir], { now }));
  await Deno.writeTextFile(`${dir}/${CONFIG}`, "congestion: cubic\n");
}

/** The same with what a daemon writes that has answered an invite. */
async function makeUsedRoot(dir: string): Promise<void> {
  await makeRoot(dir);
  const identity = (await loadIdentityKey(systemDisk, dir))!;
  const credentials = (await loadNodeCredentials(systemDisk, dir, identity, now()))!;
  const authority = authorityOf(identity, credentials, systemClock);
  await using _store = await Store.load(systemDisk, dir, identity.peerKey, authority);
  const options = { now: now(), random: systemRandom };
  const signer = (await loadAdminSigner(systemDisk, dir, credentials, options))!;
  const bootstrap = [{ peerPub: identity.publicKey, addrs: ["192.0.2.1:60611"] }];
  const invite = signer.issueInvite({ bootstrap, ttlMs: 300_000, ...options });
  const consumed = await ConsumedInvites.load(systemDisk, dir, now());
  await new InviteRedeemer(signer, consumed).redeem(invite, identity.peerKey, now());
}

/** A member's folder: the trust and a membership of another root, which the key was invited by. */
async function makeMember(dir: string): Promise<void> {
  await inFolder(async (root) => {
    await makeRoot(root);
    const options = { now: now(), random: systemRandom };
    const signer = (await loadAdminSigner(systemDisk, root, null, options))!;
    const own = await genIdentityKey(systemDisk, dir, systemRandom);
    const cert = signer.issueMembership({ subject: own.peerKey, ttlMs: 3_600_000, ...options });
    const token = signer.issueJoinToken({ cert, bootstrap: [], ttlMs: 300_000, ...options });
    await enrol(systemDisk, dir, own, token, now());
  });
}

async function ok(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  assert.equal(ran.code, 0, ran.stderr);
  return ran;
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  up: ["up", "--port", "0"],
  init: ["init"],
  id: ["id"],
  invite: ["invite", "--bootstrap", `${"ab".repeat(32)}@192.0.2.1`],
};

async function assertCase(
  make: (dir: string) => Promise<unknown>,
  file: string,
  damage: Damage,
  command: string,
  [code, text]: readonly [number, RegExp],
): Promise<void> {
  await inFolder(async (dir) => {
    await make(dir);
    // What only a daemon or a change of network writes is not there.
    await Deno.writeTextFile(`${dir}/${file}`, "", { append: true });
    await DAMAGES[damage](`${dir}/${file}`);
    const before = await keysOf(dir);
    const running = new AbortController();
    const timer = setTimeout(() => running.abort(), 20_000);
    const ran = await pollen([...WORDS[command]!, "--dir", dir], { now, signal: running.signal });
    clearTimeout(timer);
    const what = `${command} with ${file} ${damage}: ${ran.stdout}${ran.stderr}`;
    assert.equal(ran.code, code, what);
    assert.match(code === 0 ? ran.stdout : ran.stderr, text, what);
    if (code !== 0) assert.equal(ran.stdout, "", what);
    assert.doesNotMatch(ran.stderr, /\n\s+at |expected \d+ bytes, got 0/, what);
    const after = await keysOf(dir);
    for (const [name, content] of Object.entries(before)) assert.equal(after[name], content, what);
    assert.deepEqual(Object.keys(after), Object.keys(before), what);
  });
}

for (const { file, damages, root, member = root } of CASES) {
  const makeFor = [STATE, CONSUMED].includes(file) ? makeUsedRoot : makeRoot;
  Deno.test(`${file} ${damages.join(", ")}: every command starts or refuses in words`, async () => {
    for (const damage of damages) {
      for (const [command, outcome] of Object.entries(root)) {
        await assertCase(makeFor, file, damage, command, outcome);
      }
      if (member === root) continue;
      for (const [command, outcome] of Object.entries(member)) {
        await assertCase(makeMember, file, damage, command, outcome);
      }
    }
  });
}
