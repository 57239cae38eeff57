// The list of what is in a release (SBOM): CycloneDX 1.6 in JSON, made of the packages that
// THIRD_PARTY.md names as passed on, with the checksums of the lock files. The same source gives the
// same bytes: no moment and no chance is in it.

import { createHash } from "node:crypto";
import { join } from "../paths.ts";

/** A package that a release passes on. */
export interface Component {
  /** `cargo`, `npm`, or what else THIRD_PARTY.md writes before the colon. */
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  /** As THIRD_PARTY.md states it. */
  readonly licence: string;
}

/** The packages in the tables of THIRD_PARTY.md. */
export function readComponents(document: string): Component[] {
  const row = /^\| `([a-z]+):([^`]+)@([^`@]+)` \| (.+) \|$/gm;
  return [...document.matchAll(row)].map(([, kind, name, version, licence]) => ({
    kind: kind!,
    name: name!,
    version: version!,
    licence: licence!.trim(),
  }));
}

/** SHA-256 of each crate by `name@version`, from a Cargo.lock. */
export function crateChecksums(lock: string): Map<string, string> {
  const entry =
    /name = "([^"]+)"\nversion = "([^"]+)"\nsource = "[^"]+"\nchecksum = "([0-9a-f]{64})"/g;
  return new Map(
    [...lock.matchAll(entry)].map(([, name, version, sum]) => [`${name}@${version}`, sum!]),
  );
}

/** SHA-512 of each npm package by `name@version`, hexadecimal, from deno.lock. */
export function npmChecksums(lock: string): Map<string, string> {
  const { npm } = JSON.parse(lock) as { npm: Record<string, { integrity: string }> };
  return new Map(
    Object.entries(npm).map(([key, { integrity }]) => {
      // Packages with peers carry them behind an underscore.
      const name = /^(@?[^@]+@[^_]+)/.exec(key)![1]!;
      const bytes = Uint8Array.from(
        atob(integrity.replace(/^sha512-/, "")),
        (c) => c.charCodeAt(0),
      );
      return [name, bytes.toHex()];
    }),
  );
}

/** The document for one version of Pollen. */
export function renderSbom(
  version: string,
  components: readonly Component[],
  checksums: { readonly cargo: Map<string, string>; readonly npm: Map<string, string> },
): string {
  const body = components.map((component) => {
    const { kind, name, version, licence } = component;
    const key = `${name}@${version}`;
    const sha256 = kind === "cargo" ? checksums.cargo.get(key) : undefined;
    const sha512 = kind === "npm" ? checksums.npm.get(key) : undefined;
    return {
      type: "library",
      "bom-ref": `${kind}:${key}`,
      name,
      version,
      ...(isSpdx(licence)
        ? { licenses: [{ expression: licence }] }
        : { licenses: [{ license: { name: licence } }] }),
      ...(purl(component) === null ? {} : { purl: purl(component) }),
      ...(sha256 === undefined ? {} : { hashes: [{ alg: "SHA-256", content: sha256 }] }),
      ...(sha512 === undefined ? {} : { hashes: [{ alg: "SHA-512", content: sha512 }] }),
    };
  });
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([version, body]))}`,
    version: 1,
    metadata: {
      component: { type: "application", "bom-ref": "pollen", name: "pollen", version },
    },
    components: body,
    dependencies: [{ ref: "pollen", dependsOn: body.map((component) => component["bom-ref"]) }],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The document for the checkout at `root`. */
export async function makeSbom(root: string, version: string): Promise<string> {
  const read = (path: string) => Deno.readTextFile(join(root, path));
  const cargo = crateChecksums(await read("lib/quic/native/Cargo.lock"));
  for (const [key, sum] of crateChecksums(await read("scripts/launcher/Cargo.lock"))) {
    cargo.set(key, sum);
  }
  const npm = npmChecksums(await read("deno.lock"));
  return renderSbom(version, readComponents(await read("THIRD_PARTY.md")), { cargo, npm });
}

function purl({ kind, name, version }: Component): string | null {
  if (kind !== "cargo" && kind !== "npm") return null;
  return `pkg:${kind}/${name.replace("@", "%40")}@${version}`;
}

/** Whether the text is an SPDX expression and not a sentence. */
function isSpdx(licence: string): boolean {
  return /^[A-Za-z0-9.()+-]+( (AND|OR|WITH) [A-Za-z0-9.()+-]+)*$/.test(licence);
}

/** A name-based UUID (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const bytes = new Uint8Array(createHash("sha256").update(text).digest()).subarray(0, 16);
  bytes[6] = bytes[6]! & 0x0f | 0x80;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  const hex = bytes.toHex();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}
