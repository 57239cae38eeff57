// Nodes in the background: the command returns when the node serves or says why it does not, and
// the node outlives the command and its terminal.

import { deepEqual, equal, match } from "node:assert/strict";
import { type Place, pollen, pollenOk } from "../../scripts/support/pollen_process.ts";
import { assertFailed, nodesOf, nothingRuns, Places, pollenJson } from "./support/background.ts";
import { connectService, LOCAL, status } from "./support/network.ts";
import { hashingOrigin, Origin, patternHash, readText } from "./support/tcp.ts";

/** What the kernel knows of a process: its session, and where its standard input comes from. */
function sessionOf(pid: number): { session: number; input: string } {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  return { session: Number(fields[3]), input: Deno.readLinkSync(`/proc/${pid}/fd/0`) };
}

async function names(place: Place): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(place.dir), ({ name }) => name)).sort();
}

Deno.test("up -d leaves a node behind, down takes it away", async () => {
  await using places = await Places.make();
  const place = await places.place("a");
  await pollenOk(place, ["init"]);

  const node = await pollenJson(place, ["up", "-d", ...LOCAL]);
  deepEqual(nodesOf(place), [node.pid]);
  deepEqual(sessionOf(node.pid), { session: node.pid, input: "/dev/null" });
  equal(node.logPath, `${place.dir}/pollen.log`);
  match(await Deno.readTextFile(node.logPath), /node is ready.*port=/);
  equal((await status(place)).self.key, await pollenOk(place, ["id"]));

  assertFailed(await pollen(place, ["up", "--detach"]), 1, /is running.*pollen down/);
  assertFailed(await pollen(place, ["purge", "--yes"]), 1, /is running.*pollen down/);
  deepEqual(nodesOf(place), [node.pid]);

  equal(await pollenOk(place, ["down"]), "node stopped");
  equal((await names(place)).includes("pollen.sock"), false);
  await nothingRuns(place);

  const again = await pollen(place, ["up", "-d", ...LOCAL]);
  match(again.stdout, /^pollen is up in the background on UDP port \d+\. .*pollen down\n$/);
  match(again.stderr, /pollen\.log\nTo have it start with this machine/);
  match(await Deno.readTextFile(node.logPath), /node is ready.*node is stopping.*node is ready/s);
});

Deno.test("up -d says why there is no node, and leaves none", async () => {
  await using places = await Places.make();
  const empty = await places.place("empty");
  assertFailed(await pollen(empty, ["up", "-d"]), 1, /not part of a network.*pollen init/);
  deepEqual(await names(empty), []);

  const [one, other] = [await places.place("one"), await places.place("other")];
  for (const place of [one, other]) await pollenOk(place, ["init"]);
  const { port } = await pollenJson(one, ["up", "-d", ...LOCAL]);
  const words = ["up", "-d", "--port", String(port)];
  assertFailed(await pollen(other, words), 1, /^UDP port \d+ is taken.*--port.*pollen\.log\.\n$/);
  const { error } = JSON.parse((await pollen(other, [...words, "--json"])).stderr);
  equal(error.code, "already_exists");
  match(error.fix, /--port.*pollen\.log/);
  deepEqual(nodesOf(other), []);

  assertFailed(await pollen(other, ["up", "-d", "--port", "x"]), 2, /not a UDP port/);
  assertFailed(await pollen(other, ["up", "-d", "--log", "x"]), 2, /--log and --detach/);
});

Deno.test("after join the next command can be serve", async (t) => {
  await using places = await Places.make();
  const [root, member] = [await places.place("root"), await places.place("member")];
  await pollenOk(root, ["init"]);
  await pollenJson(root, ["up", "-d", ...LOCAL]);
  const invite = () => pollenOk(root, ["invite"]);

  await t.step("a served port is reached through the tunnel", async () => {
    await using origin = new Origin(hashingOrigin);
    const { code, stdout, stderr } = await pollen(member, ["join", "-"], { stdin: await invite() });
    equal(code, 0, stderr);
    match(stdout, /^joined the network [0-9a-f]{64}\nkey: [0-9a-f]{64}\nrunning in the background/);
    match(stderr, /Next: pollen serve.*To have it start with this machine/s);
    equal(
      await pollenOk(member, ["serve", String(origin.port)]),
      `serving port ${origin.port} as "${origin.port}"`,
    );
    const port = await connectService(root, String(origin.port));
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.closeWrite();
    equal(await readText(connection), `${patternHash(0)} 0`);
  });

  await t.step("joining the same network again leaves the node alone", async () => {
    const [pid] = nodesOf(member);
    const again = await pollenJson(member, ["join", await invite()]);
    deepEqual([again.isRunning, again.node], [true, null]);
    deepEqual(nodesOf(member), [pid]);
  });

  await t.step("--no-start leaves nothing running", async () => {
    const place = await places.place("later");
    const joined = await pollenJson(place, ["join", await invite(), "--no-start"]);
    deepEqual([joined.isRunning, joined.node, nodesOf(place)], [false, null, []]);
    assertFailed(await pollen(place, ["serve", "80"]), 6, /pollen up -d/);
  });

  await t.step("a node that cannot start is joined all the same, and says so", async () => {
    const place = await places.place("stuck");
    await Deno.mkdir(`${place.dir}/state.yaml`);
    const finished = await pollen(place, ["join", await invite()]);
    assertFailed(finished, 1, /network [0-9a-f]{64} is joined, but.*state\.yaml.*pollen up -d/s);
    deepEqual(nodesOf(place), []);
    await Deno.remove(`${place.dir}/state.yaml`);
    await pollenJson(place, ["up", "-d", ...LOCAL]);
  });
});
