// A self-signed Ed25519 certificate that every transport of the measurements takes: as DER, and as
// PEM with the addresses in it for those that look at them.

import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { TlsIdentity } from "../../../lib/types/mod.ts";

export interface BenchIdentity extends TlsIdentity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export async function newIdentity(ip: string): Promise<BenchIdentity> {
  const keys = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=bench",
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: { name: "Ed25519" },
    keys: keys as CryptoKeyPair,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: "ip", value: ip }]),
    ],
  });
  const privateKey = await crypto.subtle.exportKey("pkcs8", (keys as CryptoKeyPair).privateKey);
  return {
    certificate: new Uint8Array(certificate.rawData),
    privateKey: new Uint8Array(privateKey),
    certificatePem: certificate.toString("pem"),
    privateKeyPem: x509.PemConverter.encode(privateKey, "PRIVATE KEY"),
  };
}
