// A program that embeds a node knows nothing of Pollen but mod.ts: here one founds a network, runs
// its node in this very process and stops it; another one is the example that mod.ts itself shows.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import {
  genIdentityKey,
  initRoot,
  type Log,
  openEngine,
  openNode,
  type PeerKey,
  PollenError,
  readIdentityPub,
  systemClock,
  systemDisk,
  systemRandom,
} from "../../mod.ts";

const ROOT = new URL("../../", import.meta.url);

/** The longest that the example may take, in milliseconds: all of Pollen is type-checked for it, on whatever machine. */
const EXAMPLE_TIMEOUT_MS = 300_000;

/** Stays on this machine, on any free port. */
const LOCAL = { listenIp: "127.0.0.1", port: 0, ips: ["127.0.0.1"] } as const;

/** A folder that goes with its test. */
class Folder implements AsyncDisposable {
  private constructor(readonly dir: string) {}

  static async make(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir({ prefix: "pollen-embed-" }));
  }

  names(): string[] {
    return [...Deno.readDirSync(this.dir)].map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}

async function foundNetwork(dir: string): Promise<PeerKey> {
  const identity = await genIdentityKey(systemDisk, dir, systemRandom);
  const now = systemClock.wallNow();
  const { created } = await initRoot(systemDisk, dir, identity, { now, random: systemRandom });
  equal(created, true);
  return identity.peerKey;
}

function isCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof PollenError && thrown.code === code;
}

/** Demands that the UDP port of 127.0.0.1 can be had, by having it. */
async function assertFree(port: number): Promise<void> {
  const engine = await openEngine({ address: { ip: "127.0.0.1", port }, protocols: [] });
  await engine.close("");
}

Deno.test("a program founds a network, runs its node, and leaves nothing behind", async (t) => {
  await using folder = await Folder.make();
  const { dir } = folder;

  await t.step("a folder without a membership has no node", async () => {
    await rejects(openNode({ dir, ...LOCAL }), isCode("failed_precondition"));
    await rejects(openNode({ dir, ips: ["0.0.0.0"] }), isCode("invalid_argument"));
    deepEqual(folder.names(), []);
  });

  const key = await foundNetwork(dir);
  equal(await readIdentityPub(systemDisk, dir), key);
  const founded = folder.names();

  await t.step("a node runs in this process until it is told to stop", async () => {
    const lines: string[] = [];
    const take = (message: string) => void lines.push(message);
    const log: Log = { debug() {}, info: take, warn: take, error: take };
    const stop = new AbortController();
    const { node, service, identity, store, credentials } = await openNode({
      dir,
      ...LOCAL,
      log,
      shutdown: () => stop.abort(),
    });
    equal(identity.peerKey, key);
    const ended = node.start(stop.signal);
    await node.ready;
    const port = node.listenPort;
    equal(port > 0 && port <= 65_535, true);
    deepEqual(node.advertisedIps, ["127.0.0.1"]);
    deepEqual(node.getConnectedPeers(), []);
    deepEqual(store.knownPeers(), []);
    // It tells its peers when its membership ends.
    equal(store.get(key)?.certExpiryUnix, credentials.cert.claims?.notAfterUnix);

    const { self, nodes } = await service.getStatus();
    equal(self?.addr, `127.0.0.1:${port}`);
    deepEqual(nodes, []);
    await rejects(openNode({ dir, ...LOCAL }), isCode("failed_precondition"));

    await service.shutdown();
    await ended;
    await assertFree(port);
    deepEqual(lines, ["node is ready", "node is stopping"]);
  });

  await t.step("what is left is the state, which the next node takes up", async () => {
    const left = folder.names();
    deepEqual(left.filter((name) => !founded.includes(name)), [".state.lock", "state.yaml"]);
    await using again = await openNode({ dir, ...LOCAL });
    equal(again.identity.peerKey, key);
  });

  await t.step("a node that was never started gives everything back", async () => {
    const opened = await openNode({ dir, ...LOCAL });
    const port = opened.node.listenPort;
    await opened[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
    await assertFree(port);
    deepEqual(folder.names(), [...founded, ".state.lock", "state.yaml"].sort());
  });
});

Deno.test("the example of mod.ts does what it says, in a process of its own", async () => {
  const text = await Deno.readTextFile(new URL("mod.ts", ROOT));
  const [, block] = /^ \* ```ts\n((?: \*.*\n)+?) \* ```$/m.exec(text) ?? [];
  const example = block!.replaceAll(/^ \* ?/gm, "")
    .replace('"./mod.ts"', JSON.stringify(new URL("mod.ts", ROOT).href));
  await using folder = await Folder.make();
  const program = `${folder.dir}/example.ts`;
  await Deno.writeTextFile(program, example);
  await Deno.mkdir(`${folder.dir}/tmp`);

  const config = new URL("deno.json", ROOT).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--check", "--config", config, program],
    env: { TMPDIR: `${folder.dir}/tmp`, NO_COLOR: "1" },
    signal: AbortSignal.timeout(EXAMPLE_TIMEOUT_MS),
  }).output();
  const decoder = new TextDecoder();
  equal(code, 0, decoder.decode(stderr));
  match(decoder.decode(stdout), /^listening on UDP port \d+\nconnected with 0 peers\n$/);
  equal(decoder.decode(stderr), "");
  deepEqual([...Deno.readDirSync(`${folder.dir}/tmp`)], []);
});
