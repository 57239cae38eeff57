// The version before this one: machines of both work together, and a state folder survives the way
// up and back. Before the first release that version is the commit in which two machines first
// shared a tunnel.

import { equal } from "node:assert/strict";
import {
  Daemon,
  type Place,
  pollen,
  pollenOk,
  ROOT,
  sourceProgram,
  TemporaryFolder,
} from "../../scripts/support/pollen_process.ts";
import { connectService, LOCAL, status } from "../e2e/support/network.ts";
import {
  hashingOrigin,
  Origin,
  patternChunks,
  patternHash,
  readText,
  writeAll,
} from "../e2e/support/tcp.ts";

/** Where two machines first shared a tunnel. */
const FIRST_COMMIT = "1cdb12b";
const TUNNEL_BYTES = 1_000_000;

async function git(...args: string[]): Promise<{ success: boolean; stdout: Uint8Array }> {
  const { success, stdout } = await new Deno.Command("git", { args, cwd: ROOT }).output();
  return { success, stdout };
}

/** The newest release before this commit, or the first commit that can be one end of a tunnel. */
async function previousVersion(): Promise<string> {
  const tag = await git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^");
  return tag.success ? new TextDecoder().decode(tag.stdout).trim() : FIRST_COMMIT;
}

/** The words that start the previous version, from its source in a folder of its own. */
async function previousProgram(folder: TemporaryFolder): Promise<string[]> {
  const root = await folder.folder("previous");
  const archive = `${root}.tar`;
  const version = await previousVersion();
  const { success } = await git("archive", "--output", archive, version);
  if (!success) throw new Error(`git has no ${version}: the clone must be a whole one.`);
  const { success: unpacked } = await new Deno.Command("tar", {
    args: ["-x", "-f", archive, "-C", root],
  }).output();
  equal(unpacked, true, "tar unpacks the previous version");
  return sourceProgram(root);
}

/** Joins without leaving a node behind; earlier versions never left one. */
async function join(place: Place, token: string): Promise<void> {
  const { code, stderr } = await pollen(place, ["join", "--no-start", token]);
  const isUnknownFlag = code === 2 && stderr.includes("--no-start");
  if (isUnknownFlag) await pollenOk(place, ["join", token]);
  else equal(code, 0, stderr);
}

/** Sends bytes up through a tunnel between the two and demands the right answer. */
async function useTunnel(provider: Place, user: Place, name: string): Promise<void> {
  await using origin = new Origin(hashingOrigin);
  await pollenOk(provider, ["serve", String(origin.port), name]);
  using connection = await Deno.connect({ port: await connectService(user, name) });
  for (const chunk of patternChunks(TUNNEL_BYTES)) await writeAll(connection, chunk);
  await connection.closeWrite();
  equal(await readText(connection), `${patternHash(TUNNEL_BYTES)} ${TUNNEL_BYTES}`);
}

Deno.test("the previous version and this one", async (t) => {
  await using folder = await TemporaryFolder.make();
  const previous = await previousProgram(folder);
  const present = sourceProgram(ROOT);

  for (
    const [name, programs] of [["previous", [previous, present]], ["present", [
      present,
      previous,
    ]]] as const
  ) {
    await t.step(`a root of the ${name} version takes in a member of the other`, async () => {
      const [root, member] = await Promise.all(
        programs.map(async (program, index): Promise<Place> => {
          return { dir: await folder.folder(`${name}-${index}`), program };
        }),
      ) as [Place, Place];
      await pollenOk(root, ["init"]);
      await using _node = await Daemon.up(root, LOCAL);
      await join(member, await pollenOk(root, ["invite"]));
      await using memberNode = await Daemon.up(member, LOCAL);
      await memberNode.waitForLog(/peer connected/);
      await useTunnel(member, root, "up");
      await useTunnel(root, member, "down");
    });
  }

  await t.step("a folder goes to this version and back", async () => {
    const dir = await folder.folder("moving");
    await pollenOk({ dir, program: previous }, ["init"]);
    const seen: string[] = [];
    for (const program of [previous, present, previous]) {
      const place = { dir, program };
      await using _node = await Daemon.up(place, LOCAL);
      if (seen.length === 0) await pollenOk(place, ["serve", "8080", "kept"]);
      const { self, services } = await status(place);
      seen.push(`${self.key} ${services.map(({ name, port }) => `${name}:${port}`)}`);
    }
    equal(new Set(seen).size, 1, seen.join("\n"));
  });
});
