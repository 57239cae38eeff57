// TLS of the registry beside a node without certificates from elsewhere: an authority of this machine's
// own, kept in the state folder, whose certificate others are given to trust; and, made at each start,
// what it vouches for under the names and addresses that this machine has then.

import { hostname } from "node:os";
import { REGISTRY_AUTHORITY_FILE, REGISTRY_AUTHORITY_KEY_FILE } from "../config/mod.ts";
import { systemClock, systemDisk, systemRandom } from "../host/mod.ts";
import { createServerAuthority, createServerCertificate, type PemIdentity } from "../mesh/mod.ts";
import { isIpLiteral, KEY_FILE_BYTES_MAX, PollenError } from "../types/mod.ts";

const PUBLIC_MODE = 0o644;
const PRIVATE_MODE = 0o600;

/** What to serve with, and the file that others are to trust. */
export interface OwnTls {
  readonly tls: PemIdentity;
  readonly authorityPath: string;
}

/**
 * The machine's own certificate.
 *
 * @param dir The state folder, absolute.
 * @param names What the registry is called besides this machine's own names and addresses.
 * @throws {PollenError} `malformed` for a damaged file; as the disk does.
 */
export async function ownTls(dir: string, names: readonly string[]): Promise<OwnTls> {
  const context = { now: systemClock.wallNow(), random: systemRandom };
  const authorityPath = `${dir}/${REGISTRY_AUTHORITY_FILE}`;
  const authority = await readAuthority(dir) ?? await makeAuthority(dir);
  const addresses = Deno.networkInterfaces().map(({ address }) => address)
    .filter((address) => isIpLiteral(address) && !address.includes("%"));
  const hosts = {
    names: ["localhost", hostname(), ...names],
    ips: ["127.0.0.1", "::1", ...addresses],
  };
  const unique = { names: [...new Set(hosts.names)], ips: [...new Set(hosts.ips)] };
  try {
    return { tls: await createServerCertificate(authority, unique, context), authorityPath };
  } catch (cause) {
    throw new PollenError("malformed", `${authorityPath} or its key is damaged.`, {
      fix: "Remove both; the next start makes others, which are to be trusted anew.",
      cause,
    });
  }
}

async function readAuthority(dir: string): Promise<PemIdentity | null> {
  const [cert, key] = await Promise.all(
    [REGISTRY_AUTHORITY_FILE, REGISTRY_AUTHORITY_KEY_FILE].map((name) =>
      systemDisk.read(`${dir}/${name}`, KEY_FILE_BYTES_MAX)
    ),
  );
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return cert && key ? { cert: text(cert), key: text(key) } : null;
}

async function makeAuthority(dir: string): Promise<PemIdentity> {
  const context = { now: systemClock.wallNow(), random: systemRandom };
  const authority = await createServerAuthority(`pollen registry on ${hostname()}`, context);
  const bytes = (text: string) => new TextEncoder().encode(text);
  // The key first: a certificate alone would be trusted by others and worth nothing.
  const keyPath = `${dir}/${REGISTRY_AUTHORITY_KEY_FILE}`;
  await systemDisk.writeAtomic(keyPath, bytes(authority.key), PRIVATE_MODE);
  const certPath = `${dir}/${REGISTRY_AUTHORITY_FILE}`;
  await systemDisk.writeAtomic(certPath, bytes(authority.cert), PUBLIC_MODE);
  return authority;
}
