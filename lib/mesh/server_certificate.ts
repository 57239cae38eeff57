// Certificates for what this machine serves to programs that are no members: an authority of its own,
// which others are told to trust once, and what it vouches for. ECDSA on P-256, because browsers take
// no Ed25519.

import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Random, WallMs } from "../types/mod.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const SERIAL_BYTES = 16;
/** Validity begins this far back, so that a clock that is behind accepts it. */
const BACKDATE_MS = 24 * 60 * 60 * 1000;
/** An authority is told to machines by hand, which nobody does often. */
const AUTHORITY_MS = 20 * 365 * 24 * 60 * 60 * 1000;
/** The longest that browsers take (CA/Browser Forum, 2020), with room. */
const CERTIFICATE_MS = 390 * 24 * 60 * 60 * 1000;

/** A certificate and its private key, PEM. */
export interface PemIdentity {
  readonly cert: string;
  readonly key: string;
}

/** When and by what chance something is made. */
export interface MakingContext {
  readonly now: WallMs;
  readonly random: Random;
}

/** Makes an authority. `name` is for people. */
export async function createServerAuthority(
  name: string,
  context: MakingContext,
): Promise<PemIdentity> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(context, AUTHORITY_MS),
    name: [{ CN: [name] }],
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString("pem"), key: await keyPem(keys.privateKey) };
}

/** What a server of an authority is called. */
export interface ServerNames {
  /** DNS names. */
  readonly names: readonly string[];
  readonly ips: readonly string[];
}

/**
 * Makes a certificate and its key; the chain has the authority's after it.
 *
 * @throws {Error} for an authority that cannot be read.
 */
export async function createServerCertificate(
  authority: PemIdentity,
  { names, ips }: ServerNames,
  context: MakingContext,
): Promise<PemIdentity> {
  const issuer = new x509.X509Certificate(authority.cert);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const der = x509.PemConverter.decodeFirst(authority.key);
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(context, CERTIFICATE_MS),
    subject: [{ CN: ["pollen registry"] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: "dns" as const, value })),
        ...ips.map((value) => ({ type: "ip" as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const chain = `${certificate.toString("pem")}\n${issuer.toString("pem")}\n`;
  return { cert: chain, key: await keyPem(keys.privateKey) };
}

function common({ now, random }: MakingContext, lifeMs: number) {
  const serial = random.bytes(SERIAL_BYTES);
  serial[0]! &= 0x7f; // a serial number is positive (RFC 5280, section 4.1.2.2)
  return {
    serialNumber: serial.toHex(),
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + lifeMs),
    signingAlgorithm: ALGORITHM,
  };
}

async function keyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
