// Real nodes and one that shares nothing with them (member/, in Go) in one network: it joins theirs,
// and they join its. Not one of the tests that always run: `deno task interop:go`.

import { deepEqual, equal, match } from "node:assert/strict";
import {
  Daemon,
  pollen,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../../scripts/support/pollen_process.ts";
import { connectService, LOCAL, startRoot, status } from "../../e2e/support/network.ts";
import { Origin, readText, writeAll } from "../../e2e/support/tcp.ts";
import { build, GoProgram } from "./program.ts";

/** A service that gives back what it got, once that has ended, with a word before it. */
function echo(word: string): Origin {
  return new Origin(async (connection) => {
    const buffer = new Uint8Array(1024);
    const parts: Uint8Array[] = [];
    for (let count; (count = await connection.read(buffer)) !== null;) {
      parts.push(buffer.slice(0, count));
    }
    const heard = await new Blob(parts as Uint8Array<ArrayBuffer>[]).text();
    await writeAll(connection, new TextEncoder().encode(`${word} ${heard}`));
    await connection.closeWrite();
  });
}

async function ask(port: number, text: string): Promise<string> {
  const connection = await Deno.connect({ port });
  await writeAll(connection, new TextEncoder().encode(text));
  await connection.closeWrite();
  return await readText(connection);
}

async function online(daemon: Daemon, key: string): Promise<void> {
  await until(`${key} is online`, async () => {
    const { peers } = await status(daemon.place);
    return peers.some((peer) => peer.key === key && peer.status === "online") ? true : null;
  });
}

async function service(daemon: Daemon, name: string, port: number): Promise<void> {
  await until(`${name} is known`, async () => {
    const { services } = await status(daemon.place);
    return services.some((service) => service.name === name && service.port === port) ? true : null;
  });
}

/** Services, tunnels and withdrawals between our node and the other one, in both directions. */
async function tunnels(daemon: Daemon, key: string, other: GoProgram, theirKey: string) {
  await using theirs = echo("theirs");
  await other.tell(`serve greeting ${theirs.port}`);
  equal(await ask(await connectService(daemon.place, "greeting"), "hello"), "theirs hello");

  await using ours = echo("ours");
  await pollenOk(daemon.place, ["serve", String(ours.port), "answer"]);
  const about = { author: key, kind: "service", name: "answer" };
  await other.heard("event", { ...about, port: ours.port, deleted: false });
  await other.tell(`fetch ${key} ${ours.port} hello`);
  deepEqual(await other.heard("fetched"), { text: "ours hello" });

  // Refusals are resets with a code, where the original says nothing at all.
  await other.tell(`fetch ${key} 9 hello`);
  deepEqual(await other.heard("fetched"), { code: 1, remote: true });

  await pollenOk(daemon.place, ["unserve", "answer"]);
  await other.heard("event", { ...about, deleted: true });
  await other.tell(`unserve greeting ${theirs.port}`);
  await until("their service is gone", async () => {
    const { services } = await status(daemon.place);
    return services.some(({ provider }) => provider === theirKey) ? null : true;
  });
}

Deno.test("a member that is not ours joins our network, and is revoked", async () => {
  await using folder = await TemporaryFolder.make();
  const program = await build(folder, "./member");
  await using root = await startRoot(folder, "root");
  const rootKey = await pollenOk(root.place, ["id"]);
  const token = await pollenOk(root.place, ["invite"]);

  await using other = new GoProgram(program, ["join", token]);
  const { key } = await other.heard("ready") as { key: string };
  await other.heard("connected", { peer: rootKey });
  match((await other.heard("observed")).address as string, /^127\.0\.0\.1:\d+$/);
  await online(root, key);
  const { key: said, expires } = await other.heard("event", {
    author: rootKey,
    kind: "identity",
  });
  deepEqual([said, (expires as number) > Date.now() / 1000], [rootKey, true]);
  await other.heard("event", { author: rootKey, kind: "network", deleted: false });
  await other.heard("event", { author: rootKey, kind: "reachability", peer: key });

  // The invite was for one.
  await using late = new GoProgram(program, ["join", token]);
  match((await late.heard("failed")).why as string, /refused: invite token already consumed/);

  await tunnels(root, rootKey, other, key);

  // Nodes of the original count from 1 after each start. What we remember of such a node is what
  // tells it how far it had counted, so that its words count again.
  for (const name of ["a", "b", "c", "d"]) await other.tell(`serve ${name} 7`);
  await service(root, "d", 7);
  await other.tell("restart again 8");
  await other.heard("connected", { peer: rootKey });
  await service(root, "again", 8);
  await online(root, key);

  await pollenOk(root.place, ["revoke", key]);
  deepEqual(await other.heard("closed", { remote: true }), {
    peer: rootKey,
    remote: true,
    code: 0,
    reason: "revoked",
  });
});

Deno.test("our node joins a network that is not ours, and heeds its revocations", async () => {
  await using folder = await TemporaryFolder.make();
  const program = await build(folder, "./member");
  await using founder = new GoProgram(program, ["found"]);
  const { key: founderKey } = await founder.heard("ready") as { key: string };
  await founder.tell("invite");
  const { token } = await founder.heard("invite") as { token: string };

  const place = { dir: await folder.folder("ours") };
  await pollenOk(place, ["join", "--no-start", token]);
  const key = await pollenOk(place, ["id"]);
  deepEqual(await founder.heard("redeemed"), { subject: key, named: key });
  await using daemon = await Daemon.up(place, LOCAL);
  await founder.heard("connected", { peer: key });
  await online(daemon, founderKey);
  await tunnels(daemon, key, founder, founderKey);

  await founder.tell("visit");
  const { key: visitor } = await founder.heard("visiting") as { key: string };
  await founder.heard("event", { author: key, kind: "reachability", peer: visitor });
  await founder.tell(`revoke ${visitor}`);
  deepEqual(await founder.heard("visited"), {
    peer: visitor,
    remote: true,
    code: 0,
    reason: "revoked",
  });
  await founder.tell("visit");
  const { reason } = await founder.heard("visited") as { reason: string };
  match(reason, /peer membership certificate has been revoked/);

  // Only the root revokes, and this node is not it.
  const refusal = await pollen(place, ["revoke", founderKey]);
  equal(refusal.code === 0, false);

  await daemon.stop();
  const { remote, code, reason: goodbye } = await founder.heard("closed", { peer: key });
  deepEqual({ remote, code, goodbye }, { remote: true, code: 0, goodbye: "shutdown" });
});

for (const order of ["smaller", "larger"] as const) {
  Deno.test(`a node that chooses sessions by arrival, its key the ${order}`, async () => {
    await using folder = await TemporaryFolder.make();
    const program = await build(folder, "./member");
    await using root = await startRoot(folder, "root");
    const rootKey = await pollenOk(root.place, ["id"]);
    const token = await pollenOk(root.place, ["invite"]);
    await using other = new GoProgram(program, ["join", token, order]);
    const { key } = await other.heard("ready") as { key: string };
    const { address } = await other.heard("connected", { peer: rootKey });
    equal(key < rootKey, order === "smaller");

    // It dials once more, as it would have if both had dialled: one session is left, or none.
    await other.tell(`dial ${rootKey} ${address}`);
    await using ours = echo("ours");
    await pollenOk(root.place, ["serve", String(ours.port), "answer"]);
    await reaches(other, rootKey, ours.port);

    // Ours dials, and before long it dials as well. Each prefers the other session, so that both end
    // unless one of them is gone before it is chosen.
    await online(root, key);
    await other.tell("drop");
    await other.heard("closed", { reason: "disconnect" });
    await other.heard("connected", { peer: rootKey });
    await other.tell(`dial ${rootKey} ${address}`);
    await reaches(other, rootKey, ours.port);
  });
}

/** Waits until the other one's session with the peer carries a tunnel. */
async function reaches(other: GoProgram, peer: string, port: number): Promise<void> {
  await until("a tunnel through the session that is left", async () => {
    await other.tell(`fetch ${peer} ${port} hello`);
    return (await other.heard("fetched")).text === "ours hello" ? true : null;
  });
}
