// One identity per node, for ever: whatever is missing, damaged or in the way.

import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import fc from "fast-check";
import {
  deriveResetKey,
  genIdentityKey,
  loadIdentityKey,
  readIdentityPub,
} from "../../../lib/auth/mod.ts";
import { systemDisk, systemRandom } from "../../../lib/host/mod.ts";
import { PollenError } from "../../../lib/types/mod.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { DIR, seededRandom } from "./fixtures.ts";

const KEY = `${DIR}/keys/ed25519.key`;
const PUB = `${DIR}/keys/ed25519.pub`;
const random = seededRandom(1);

Deno.test("an identity is made once", async () => {
  const disk = new MemoryDisk();
  equal(await loadIdentityKey(disk, DIR), null);
  await rejects(readIdentityPub(disk, DIR), { code: "not_found" });
  const identity = await genIdentityKey(disk, DIR, random);
  deepEqual(await genIdentityKey(disk, DIR, random), identity);
  deepEqual(await loadIdentityKey(disk, DIR), identity);
  equal(await readIdentityPub(disk, DIR), identity.peerKey);
  equal(identity.publicKey.toHex(), identity.peerKey);
  notEqual((await genIdentityKey(new MemoryDisk(), DIR, random)).peerKey, identity.peerKey);
});

Deno.test("the key of resets follows from the seed, by HKDF", async () => {
  const identity = await genIdentityKey(new MemoryDisk(), DIR, random);
  const seed = Uint8Array.from({ length: 32 }, (_, at) => at);
  // Computed with Python's hmac by RFC 5869.
  equal(
    deriveResetKey({ ...identity, seed }).toHex(),
    "e2513e54c48e32f708be261be7929d96abd003e167bef31ec77edec7938ceebf",
  );
});

Deno.test("files and modes are those of pollen/1, the private half private", async () => {
  const disk = new MemoryDisk();
  const { seed, publicKey } = await genIdentityKey(disk, DIR, random);
  equal(
    disk.text(KEY)!,
    `-----BEGIN ED25519 PRIVATE KEY-----\n${seed.toBase64()}\n-----END ED25519 PRIVATE KEY-----\n`,
  );
  equal(
    disk.text(PUB)!,
    `-----BEGIN ED25519 PUBLIC KEY-----\n${publicKey.toBase64()}\n-----END ED25519 PUBLIC KEY-----\n`,
  );
  equal(disk.mode(KEY), 0o600);
  equal(disk.mode(PUB), 0o640);
  equal(disk.mode(`${DIR}/keys`), 0o700);
});

Deno.test("a missing public file is made again from the private one", async () => {
  for (
    const load of [
      (disk: MemoryDisk) => genIdentityKey(disk, DIR, random),
      (disk: MemoryDisk) => loadIdentityKey(disk, DIR),
      (disk: MemoryDisk) => readIdentityPub(disk, DIR),
    ]
  ) {
    const disk = new MemoryDisk();
    await genIdentityKey(disk, DIR, random);
    const before = disk.snapshot();
    disk.delete(PUB);
    await load(disk);
    deepEqual(disk.snapshot(), before);
  }
});

Deno.test("a missing private key is an error, not a reason for a new identity", async () => {
  const disk = new MemoryDisk();
  await genIdentityKey(disk, DIR, random);
  disk.delete(KEY);
  const before = disk.snapshot();
  await rejects(genIdentityKey(disk, DIR, random), (error: PollenError) => {
    equal(error.code, "failed_precondition");
    match(error.text, /ed25519\.key is missing.*Restore it from a backup/);
    return true;
  });
  deepEqual(disk.snapshot(), before);
});

Deno.test("a file that is no key is an error that shows nothing of it, and stays", async () => {
  const good = new MemoryDisk();
  await genIdentityKey(good, DIR, random);
  const pem = good.text(KEY)!;
  const body = pem.split("\n")[1]!;
  const damaged = [
    "",
    "garbage",
    pem.slice(0, -10),
    pem.replace("PRIVATE", "PUBLIC"),
    pem.replace("ED25519 ", ""),
    pem.replace(body, body.slice(4)),
    pem.replace(body, `${body}AAAA`),
    pem.replace(body, "?".repeat(44)),
    pem + pem,
    `x${pem}`,
  ];
  for (const text of damaged) {
    for (const [path, problem] of [[KEY, "private"], [PUB, "public"]] as const) {
      const disk = new MemoryDisk();
      await genIdentityKey(disk, DIR, random);
      disk.put(path, path === KEY ? text : text.replaceAll("PRIVATE", "SECRET"));
      const before = disk.snapshot();
      await rejects(genIdentityKey(disk, DIR, random), (error: PollenError) => {
        equal(error.code, "malformed");
        match(error.message, new RegExp(`^invalid ${problem} key PEM: ${path} is damaged`));
        equal(error.text.includes(body.slice(0, 8)), false);
        return true;
      });
      deepEqual(disk.snapshot(), before);
    }
  }
});

Deno.test("a pair that does not match is an error", async () => {
  const [one, two] = [new MemoryDisk(), new MemoryDisk()];
  await genIdentityKey(one, DIR, random);
  await genIdentityKey(two, DIR, random);
  one.put(PUB, two.text(PUB)!);
  await rejects(loadIdentityKey(one, DIR), /identity keypair mismatch/);
});

Deno.test("line ends of other systems do not matter", async () => {
  const disk = new MemoryDisk();
  const identity = await genIdentityKey(disk, DIR, random);
  disk.put(KEY, `\r\n${disk.text(KEY)!.replaceAll("\n", "\r\n")}\r\n`);
  deepEqual(await loadIdentityKey(disk, DIR), identity);
});

Deno.test("a full disk at any step leaves no identity or one, never half of one", async () => {
  for (let failAt = 0; failAt < 3; failAt++) {
    const disk = new MemoryDisk();
    let count = 0;
    disk.isFull = () => count++ === failAt;
    const first = await genIdentityKey(disk, DIR, random).catch((error: PollenError) => {
      equal(error.code, "io");
      return null;
    });
    const left = await loadIdentityKey(disk, DIR);
    if (first !== null) deepEqual(left, first);
    const again = await genIdentityKey(disk, DIR, random);
    if (left !== null) deepEqual(again, left);
    equal(await readIdentityPub(disk, DIR), again.peerKey);
  }
});

Deno.test("two commands at once do not make two identities", async () => {
  const disk = new MemoryDisk();
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => genIdentityKey(disk, DIR, random)),
  );
  const made = results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
  equal(new Set(made.map(({ peerKey }) => peerKey)).size, 1);
  for (const result of results) {
    if (result.status === "rejected") equal(result.reason.code, "failed_precondition");
  }
  equal((await loadIdentityKey(disk, DIR))!.peerKey, made[0]!.peerKey);
});

Deno.test("any file in a key's place gives a PollenError and is not replaced", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
    const disk = new MemoryDisk();
    disk.put(KEY, bytes);
    await rejects(genIdentityKey(disk, DIR, random), PollenError);
    deepEqual(disk.snapshot(), { [KEY]: bytes.toHex() });
  }));
});

for (const umask of [0o000, 0o077]) {
  Deno.test(`real files have their modes under umask ${umask.toString(8).padStart(3, "0")}`, async () => {
    const dir = await Deno.makeTempDir();
    const before = Deno.umask(umask);
    try {
      await genIdentityKey(systemDisk, `${dir}/state`, systemRandom);
      const modes = Object.fromEntries(
        ["", "/keys", "/keys/ed25519.key", "/keys/ed25519.pub"].map((path) => [
          path,
          Deno.statSync(`${dir}/state${path}`).mode! & 0o7777,
        ]),
      );
      deepEqual(modes, {
        "": 0o700,
        "/keys": 0o700,
        "/keys/ed25519.key": 0o600,
        "/keys/ed25519.pub": 0o640,
      });
    } finally {
      Deno.umask(before);
      await Deno.remove(dir, { recursive: true });
    }
  });
}
