// What reads files: those of the state folder, those that a person writes, those of a release.

import { generateKeyPairSync, sign } from "node:crypto";
import { IDENTITY_KEY } from "../../lib/auth/key_files.ts";
import { decodePem, encodePem } from "../../lib/auth/pem.ts";
import { openOnPort } from "../../lib/app/listen_port.ts";
import { decodeBackgroundNote, encodeBackgroundNote } from "../../lib/cli/background_note.ts";
import { decodeInvites, encodeInvites } from "../../lib/config/consumed_invites_file.ts";
import { Config, parseRegistrySettings } from "../../lib/config/mod.ts";
import { formatSnapshot, readSnapshot } from "../../lib/store/snapshot.ts";
import { silentLog } from "../../lib/types/mod.ts";
import { readRelease } from "../../lib/upgrade/mod.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { ME } from "../unit/store/fixtures.ts";
import { ofText, ofTextBytes } from "./forms.ts";
import * as samples from "./samples.ts";
import type { Target } from "./target.ts";

const DIR = "/state";
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const releaseKey = publicKey.export({ type: "spki", format: "pem" }) as string;
const unending = new AbortController().signal;

export const FILE_TARGETS: readonly Target[] = [
  ofText(
    "state.yaml",
    samples.STATES,
    (text) => readSnapshot(ME, text).snapshot,
    (snapshot) => readSnapshot(ME, formatSnapshot(ME, snapshot)).snapshot,
  ),
  ofText("config.yaml", samples.CONFIGS, readConfig, (config) => readConfig(config.text)),
  ofTextBytes(
    "consumed_invites.json",
    samples.CONSUMED,
    (bytes) => decodeInvites(bytes, "file"),
    (invites) => decodeInvites(encodeInvites(invites), "file"),
  ),
  ofTextBytes(
    "a key file",
    samples.KEY_FILES,
    (bytes) => decodePem(IDENTITY_KEY.privateType, bytes, 32),
    (seed) => decodePem(IDENTITY_KEY.privateType, encodePem(IDENTITY_KEY.privateType, seed), 32),
  ),
  ofTextBytes("udp_port", ["60611\n", "1", "65535"], readPort),
  ofTextBytes(
    "background.json",
    samples.BACKGROUND_NOTES,
    decodeBackgroundNote,
    (note) => note === null ? null : decodeBackgroundNote(encodeBackgroundNote(note)),
  ),
  ofText("a registry's settings", samples.REGISTRY_SETTINGS, parseRegistrySettings),
  ofTextBytes("a release's list", samples.RELEASE_LISTS, readList),
];

async function readConfig(text: string) {
  const disk = new MemoryDisk();
  disk.put(`${DIR}/config.yaml`, text);
  const config = await Config.load(disk, DIR);
  const { bootstrapPeers, certTtls, congestion, portMapping, relay, relayLimit } = config;
  const relays = { relay, relayLimit };
  const settings = { bootstrapPeers, ttls: certTtls.fields, congestion, portMapping, ...relays };
  // Not compared: one text may be written in several ways.
  const written = config.toYaml();
  return Object.defineProperty(settings, "text", { value: written }) as typeof settings & {
    readonly text: string;
  };
}

async function readPort(bytes: Uint8Array): Promise<number> {
  const disk = new MemoryDisk();
  disk.put(`${DIR}/udp_port`, bytes);
  let opened = -1;
  const open = (port: number) => {
    opened = port;
    return Promise.resolve({} as never);
  };
  await openOnPort({ disk, dir: DIR, requested: undefined, log: silentLog, open });
  return opened;
}

/** Signed by the right key: what is fuzzed comes after the signature. */
async function readList(list: Uint8Array<ArrayBuffer>) {
  const open = (name: string) => {
    const isList = name === "SHA256SUMS";
    const bytes = isList ? list : new Uint8Array(sign(null, list, privateKey));
    return Promise.resolve(ReadableStream.from([bytes]));
  };
  const source = { shown: "here", open };
  const { version, file } = await readRelease(source, releaseKey, "linux-x64", unending);
  return { version, file };
}
