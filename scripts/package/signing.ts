// The signature of a release: Ed25519 over SHA256SUMS, by a key that only the project has.

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { sha256 } from "../engine/sources.ts";
import { join } from "../paths.ts";

/** The key that signs. @throws {Error} when the file is no Ed25519 private key in PEM. */
export async function readSigningKey(path: string): Promise<KeyObject> {
  const key = createPrivateKey(await Deno.readTextFile(path));
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`${path} is no Ed25519 key.`);
  return key;
}

/** Its public half, as PEM. */
export function publicHalf(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "pem" }) as string;
}

/** Makes a new key: the private half into `path`, which must not exist, the public half as PEM. */
export async function makeSigningKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  await Deno.writeTextFile(path, pem, { createNew: true, mode: 0o600 });
  return publicHalf(privateKey);
}

/** Writes SHA256SUMS of the named files in `folder`, and its signature. */
export async function signRelease(
  folder: string,
  names: readonly string[],
  key: KeyObject,
): Promise<void> {
  const lines: string[] = [];
  for (const name of [...names].sort()) {
    lines.push(`${sha256(await Deno.readFile(join(folder, name)))}  ${name}\n`);
  }
  const list = new TextEncoder().encode(lines.join(""));
  await Deno.writeFile(join(folder, "SHA256SUMS"), list);
  await Deno.writeFile(join(folder, "SHA256SUMS.sig"), new Uint8Array(sign(null, list, key)));
}
