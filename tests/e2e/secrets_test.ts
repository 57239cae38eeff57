// Nothing that gives power over a network shows anywhere but in its own file: not in the log at its
// most talkative, not in the errors, not in the list of processes, not in a trace, and in the state
// folder only where its mode keeps it.

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  Daemon,
  type Finished,
  type Place,
  pollen,
  pollenCommand,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../scripts/support/pollen_process.ts";
import { startRegistry } from "../../scripts/support/registry_process.ts";
import { WireAgent } from "../registry/support.ts";
import { Places, pollenJson } from "./support/background.ts";
import { connectService, LOCAL, startRoot, status } from "./support/network.ts";
import { Origin, readText } from "./support/tcp.ts";

const TALKATIVE = { POLLEN_LOG: "debug", POLLEN_DEBUG: "1" };
const PRIVATE_KEYS = ["ed25519.key", "admin_ed25519.key"];

/** Something that must not show, in every form in which it could. */
interface Secret {
  readonly name: string;
  readonly forms: readonly Uint8Array[];
}

/** All forms of these bytes: as they are, hexadecimal, base64 wherever it begins, lists of numbers. */
function formsOf(bytes: Uint8Array): Uint8Array[] {
  const text = (value: string) => new TextEncoder().encode(value);
  const base64 = [0, 1, 2].flatMap((skipped) => {
    // The first and last characters depend on what stands beside the bytes.
    const whole = bytes.subarray(skipped, bytes.length - (bytes.length - skipped) % 3);
    return [whole.toBase64(), whole.toBase64({ alphabet: "base64url" })];
  });
  const lists = [bytes.join(","), bytes.join(", "), bytes.join(" ")];
  return [bytes, ...[bytes.toHex(), bytes.toHex().toUpperCase(), ...base64, ...lists].map(text)];
}

/** The private keys of a node. */
async function keysOf({ dir }: Place): Promise<Secret[]> {
  const secrets: Secret[] = [];
  for (const name of PRIVATE_KEYS) {
    const pem = await Deno.readTextFile(`${dir}/keys/${name}`).catch(() => null);
    if (pem === null) continue;
    const seed = Uint8Array.fromBase64(pem.split("\n").slice(1, -2).join(""));
    equal(seed.length, 32);
    secrets.push({ name: `${dir}/keys/${name}`, forms: formsOf(seed) });
  }
  return secrets;
}

/** An invite: who holds it can use it. Its signature is in every form of it. */
function tokenSecret(token: string): Secret {
  return { name: "an invite", forms: formsOf(Uint8Array.fromBase64(token).subarray(-64)) };
}

function assertClean(what: string, content: Uint8Array | string, secrets: readonly Secret[]): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const hay = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { name, forms } of secrets) {
    const shown = forms.findIndex((form) => hay.includes(form));
    equal(shown, -1, `${what} shows ${name} in form ${shown}`);
  }
}

/** The words and variables of every process of these folders, as every user or this one may see them. */
function processTexts(places: readonly Place[]): string {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => Number(name) > 0).map(({ name }) => {
    try {
      const words = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      if (!places.some(({ dir }) => words.includes(dir))) return "";
      return words + Deno.readTextFileSync(`/proc/${name}/environ`);
    } catch {
      return ""; // It ended in this very moment.
    }
  }).join("\n");
}

/** `join -` and what was seen in the list of processes from its first to its last moment. */
async function joinSeen(place: Place, token: string): Promise<[Finished, string]> {
  const [program, ...args] = pollenCommand(place, ["join", "-", "--no-start"]);
  const piped = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(program!, { args, env: { ...place.env }, ...piped }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(token));
  // It waits for the end of its input, and cannot be missed.
  const seen = [processTexts([place])];
  ok(seen[0]!.includes("\0join\0-\0"), "it was looked at");
  await writer.close();
  let isOver = false;
  const ended = child.output().finally(() => isOver = true);
  for (; !isOver; await new Promise((resolve) => setTimeout(resolve, 20))) {
    seen.push(processTexts([place]));
  }
  const { code, stdout, stderr } = await ended;
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return [{ code, stdout: out!, stderr: error! }, seen.join("\n")];
}

/** Every file below a folder, with its mode. */
async function* filesOf(dir: string): AsyncIterable<{ path: string; mode: number }> {
  for await (const { name, isFile, isDirectory } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    if (isDirectory) yield* filesOf(path);
    if (isFile) yield { path, mode: (await Deno.stat(path)).mode! & 0o777 };
  }
}

Deno.test("secrets show nowhere but in their own files", async () => {
  await using folder = await TemporaryFolder.make();
  await using places = await Places.make();
  const traces = await folder.folder("traces");
  const env = { ...TALKATIVE, POLLEN_QLOG: traces };
  const said: string[] = [];
  const say = async (running: Promise<Finished>) => {
    const { code, stdout, stderr } = await running;
    said.push(stdout, stderr);
    return code;
  };

  const root: Daemon = await startRoot(folder, "root", LOCAL, env);
  await using _root = root;
  const member: Place = { ...await places.place("member"), env };
  const everywhere = [root.place, member];

  // A whole life: invited, joined in the background, served, used, refused, revoked.
  const token = await pollenOk(root.place, ["invite"]);
  equal(await say(pollen(member, ["join", token])), 0);
  const seen = [processTexts(everywhere)];
  ok(seen[0]!.includes(member.dir), "the node in the background was looked at");
  await root.waitForLog(/peer connected/);
  await using origin = new Origin((connection) => connection.closeWrite());
  await pollenJson(member, ["serve", String(origin.port), "nothing"]);
  const port = await connectService(root.place, "nothing");
  {
    using connection = await Deno.connect({ port });
    equal(await readText(connection), "");
  }
  equal(await say(pollen(root.place, ["status", "--json"])), 0);

  const second: Place = { dir: await folder.folder("second"), env };
  const [refused, listed] = await joinSeen(second, token);
  equal(await say(Promise.resolve(refused)), 7);
  seen.push(listed);
  const spoilt = token.slice(0, -30) + (token.at(-30) === "A" ? "B" : "A") + token.slice(-29);
  equal(await say(pollen(second, ["join", "-", "--json"], { stdin: spoilt })), 7);
  const bound = await pollenOk(root.place, ["invite", "--subject", "ab".repeat(32)]);
  equal(await say(pollen(second, ["join", "-"], { stdin: bound })), 7);
  const key = await pollenOk(member, ["id"]);
  equal(await say(pollen(root.place, ["revoke", key])), 0);
  await until("the member heard it", async () => {
    const { conditions } = await status(member);
    return conditions.some(({ kind }) => kind === "revoked") || null;
  });
  // A damaged key is told without its content.
  const broken: Place = { dir: await folder.folder("broken"), env };
  await pollenOk(broken, ["init"]);
  const secrets = [
    ...(await Promise.all([root.place, member, second, broken].map(keysOf))).flat(),
    ...[token, spoilt, bound].map(tokenSecret),
  ];
  deepEqual(secrets.length, 2 + 1 + 1 + 2 + 3);
  const path = `${broken.dir}/keys/ed25519.key`;
  await Deno.writeTextFile(path, `${await Deno.readTextFile(path)}x`);
  equal(await say(pollen(broken, ["up"])), 1);

  seen.push(processTexts(everywhere));
  assertClean("a command", said.join("\n"), secrets);
  assertClean("the list of processes", seen.join("\n"), secrets);
  assertClean("the root's log", root.log.join("\n"), secrets);
  const memberLog = await Deno.readTextFile(`${member.dir}/pollen.log`);
  match(memberLog, /tunnel ended/, "the log is at its most talkative");
  const own = new Set(PRIVATE_KEYS.map((name) => `/keys/${name}`));
  for (const { dir } of [root.place, member, second, { dir: traces }]) {
    for await (const { path, mode } of filesOf(dir)) {
      const isKey = own.has(path.slice(dir.length));
      const content = await Deno.readFile(path);
      if (!isKey) assertClean(path, content, secrets);
      else {
        equal(mode, 0o600, path);
        throws(() => assertClean(path, content, secrets), /shows/, "what is looked for is found");
      }
    }
  }
});

Deno.test("a registry's tokens and its owner's key show nowhere but where they were put", async () => {
  await using folder = await TemporaryFolder.make();
  const place: Place = { dir: folder.path, env: TALKATIVE };
  const key = "a key of the owner's, long enough";
  const settings = `${place.dir}/registry.yaml`;
  await Deno.writeTextFile(settings, `apiKey: "${key}"\nlog: { level: debug }\n`);
  const { token } = await pollenJson(place, ["registry", "token", "create", "ci"]);
  await using registry = await startRegistry(place, ["--config", "registry.yaml"]);
  const file = `${place.dir}/token`;
  await Deno.writeTextFile(file, token, { mode: 0o600 });

  // It is used at both doors, by programs and by a browser; and so is one that is almost right.
  const wrong = token.slice(0, -1) + (token.endsWith("0") ? "1" : "0");
  const url = `http://127.0.0.1:${registry.httpPort}/api`;
  const cookies: string[] = [];
  const said: string[] = [];
  for (const credential of [token, key, wrong]) {
    using agent = new WireAgent(registry.port, credential);
    said.push((await agent.register({ id: "node", hostname: "box" })).text);
    const shown = await fetch(`${url}/nodes`, { headers: { authorization: credential } });
    said.push(await shown.text());
    const body = JSON.stringify({ token: credential });
    const headers = { "content-type": "application/json" };
    const logIn = await fetch(`${url}/session`, { method: "POST", headers, body });
    said.push(await logIn.text());
    const id = /=([0-9a-f]{64});/.exec(logIn.headers.get("set-cookie") ?? "")?.[1];
    if (id !== undefined) cookies.push(id);
    equal(shown.ok, credential !== wrong);
  }
  equal(cookies.length, 2);
  const at = ["--registry", `http://127.0.0.1:${registry.httpPort}`];
  const commands = [
    await pollen(place, ["nodes", ...at, "--token-file", "token"]),
    await pollen(place, ["nodes", ...at, "--token-file", "registry.yaml"]),
    await pollen(place, ["registry", "token", "list"]),
  ];
  match(commands[1]!.stderr, /registry\.yaml holds no token/);
  deepEqual(commands.map(({ code }) => code), [0, 1, 0]);
  for (const { stdout, stderr } of commands) said.push(stdout, stderr);
  const listed = processTexts([place]);
  ok(listed.includes("\0registry\0"), "the registry was looked at");
  await registry[Symbol.asyncDispose]();

  const secretOf = (text: string) => text.slice(text.lastIndexOf("_") + 1);
  const secrets: Secret[] = [
    ...[token, wrong].map(secretOf).concat(cookies)
      .map((hex) => ({ name: "a token or a session", forms: formsOf(Uint8Array.fromHex(hex)) })),
    { name: "the owner's key", forms: formsOf(new TextEncoder().encode(key)) },
  ];
  match(registry.log(), /audit: a wrong or expired token was refused/);
  assertClean("an answer or a command", said.join("\n"), secrets);
  assertClean("the list of processes", listed, secrets);
  assertClean("the registry's log", registry.log(), secrets);
  for await (const { path, mode } of filesOf(place.dir)) {
    const content = await Deno.readFile(path);
    if (path === file || path === settings) {
      throws(() => assertClean(path, content, secrets), /shows/, "what is looked for is found");
      continue;
    }
    assertClean(path, content, secrets);
    equal(mode & 0o077, 0, `${path} is for its owner alone`);
  }
});
