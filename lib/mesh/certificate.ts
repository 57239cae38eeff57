// X.509 as pollen/1 uses it: a self-signed Ed25519 certificate that carries the node's membership
// certificate in an extension. Its only claim that counts is the extension; TLS proves the key.

import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { MembershipCert } from "../proto/mod.ts";
import {
  CERTIFICATE_BYTES_MAX,
  MEMBERSHIP_BYTES_MAX,
  type PeerKey,
  peerKeyFromBytes,
  PollenError,
  type Random,
  type TlsIdentity,
  type WallMs,
} from "../types/mod.ts";
import { MEMBERSHIP_EXTENSION_OID } from "./protocol.ts";

/** PKCS #8 wrapping of a 32-byte Ed25519 seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b657004220420");
/** SubjectPublicKeyInfo of an Ed25519 key: 12 bytes, then the key (RFC 8410, section 4). */
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

const SUBJECT = "CN=pollen-peer";
const SERIAL_BYTES = 16;
/** The start of validity lies this far back, so that a clock that is behind accepts it. */
const BACKDATE_MS = 60 * 60 * 1000;

export interface CertificateOptions {
  /** The node's Ed25519 key pair. */
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
  /** Put into the extension; without it the certificate is bare, as for redeeming an invite. */
  readonly membership?: MembershipCert;
  readonly now: WallMs;
  /** Validity from now, in milliseconds. */
  readonly ttlMs: number;
  readonly random: Random;
}

/** Mints a certificate; two calls never give the same one (the serial is random). */
export async function createTlsIdentity(options: CertificateOptions): Promise<TlsIdentity> {
  const privateKey = concatenate(PKCS8_PREFIX, options.seed);
  const extensions: x509.Extension[] = [
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([
      x509.ExtendedKeyUsage.clientAuth,
      x509.ExtendedKeyUsage.serverAuth,
    ]),
    new x509.BasicConstraintsExtension(false, undefined, true),
  ];
  if (options.membership !== undefined) {
    const value = octetString(MembershipCert.encode(options.membership));
    extensions.push(new x509.Extension(MEMBERSHIP_EXTENSION_OID, false, value));
  }
  const serial = options.random.bytes(SERIAL_BYTES);
  serial[0]! &= 0x7f; // a serial number is positive (RFC 5280, section 4.1.2.2)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: SUBJECT,
    serialNumber: serial.toHex(),
    notBefore: new Date(options.now - BACKDATE_MS),
    notAfter: new Date(options.now + options.ttlMs),
    signingAlgorithm: { name: "Ed25519" },
    keys: {
      privateKey: await crypto.subtle.importKey("pkcs8", privateKey, "Ed25519", false, ["sign"]),
      publicKey: await crypto.subtle.importKey(
        "raw",
        new Uint8Array(options.publicKey),
        "Ed25519",
        true,
        ["verify"],
      ),
    },
    extensions,
  });
  return { certificate: new Uint8Array(certificate.rawData), privateKey };
}

/** What a peer's certificate says. Only the key is proved; the membership is still to be verified. */
export interface PeerCertificate {
  readonly peer: PeerKey;
  readonly membership: MembershipCert | null;
}

/**
 * Reads a peer's certificate.
 *
 * @throws {PollenError} `unauthenticated` when it is none, its key is not Ed25519, or the extension is damaged.
 */
export function readPeerCertificate(der: Uint8Array): PeerCertificate {
  if (der.length === 0) throw refuse("no peer certificate presented");
  if (der.length > CERTIFICATE_BYTES_MAX) throw refuse("peer certificate is too large");
  const { spki, extension } = parse(der);
  if (
    spki.length !== SPKI_PREFIX.length + 32 || !SPKI_PREFIX.every((byte, at) => spki[at] === byte)
  ) {
    throw refuse("peer certificate does not contain ed25519 public key");
  }
  return {
    peer: peerKeyFromBytes(spki.subarray(SPKI_PREFIX.length)),
    membership: extension === null ? null : readMembership(extension),
  };
}

/** The two parts that matter. The library parses on access, so every access to it stands in here. */
function parse(der: Uint8Array): { spki: Uint8Array; extension: Uint8Array | null } {
  try {
    const certificate = new x509.X509Certificate(new Uint8Array(der));
    const extension = certificate.getExtension(MEMBERSHIP_EXTENSION_OID);
    return {
      spki: new Uint8Array(certificate.publicKey.rawData),
      extension: extension === null ? null : new Uint8Array(extension.value),
    };
  } catch (cause) {
    throw refuse("peer certificate cannot be parsed", cause);
  }
}

function readMembership(value: Uint8Array): MembershipCert {
  const bytes = octetStringContent(value);
  if (bytes === null) throw refuse("peer certificate membership extension is damaged");
  try {
    return MembershipCert.decode(bytes, { bytes: MEMBERSHIP_BYTES_MAX });
  } catch (cause) {
    throw refuse("peer certificate membership extension is damaged", cause);
  }
}

/** A DER OCTET STRING of up to 65 535 bytes. */
function octetString(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = content;
  const header = length < 0x80
    ? [4, length]
    : length < 0x100
    ? [4, 0x81, length]
    : [4, 0x82, length >> 8, length & 0xff];
  return concatenate(Uint8Array.from(header), content);
}

/** The content of a DER OCTET STRING that fills `der` exactly; null for anything else. */
function octetStringContent(der: Uint8Array): Uint8Array | null {
  const [tag, first, second, third] = der;
  if (tag !== 4 || first === undefined) return null;
  const [headerBytes, length] = first < 0x80
    ? [2, first]
    : first === 0x81
    ? [3, second]
    : first === 0x82
    ? [4, (second ?? 0) << 8 | (third ?? 0)]
    : [0, undefined];
  if (length === undefined || der.length !== headerBytes + length) return null;
  return der.subarray(headerBytes);
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function refuse(why: string, cause?: unknown): PollenError {
  return new PollenError("unauthenticated", `${why}.`, cause === undefined ? {} : { cause });
}
