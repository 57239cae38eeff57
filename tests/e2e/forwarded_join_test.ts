// Joining through a member that cannot redeem the invite itself: the machine that issued it is not
// named in it, and is reached by nobody but those that it dialled.

import { equal, match } from "node:assert/strict";
import { pollen, pollenOk, TemporaryFolder } from "../../scripts/support/pollen_process.ts";
import { startMember, startRoot, status } from "./support/network.ts";

Deno.test("a third machine joins through the second, which is not the issuer", async () => {
  await using folder = await TemporaryFolder.make();
  await using issuer = await startRoot(folder, "issuer");
  await using middle = await startMember(folder, "middle", issuer);
  const { self } = await status(middle.place);
  const invite = () =>
    pollenOk(issuer.place, ["invite", "--bootstrap", `${self.key}@${self.address}`]);
  const newcomer = { dir: await folder.folder("newcomer") };
  match(await pollenOk(newcomer, ["join", "--no-start", await invite()]), /^joined the network/);

  const late = await invite();
  await issuer.stop();
  const { code, stderr } = await pollen({ dir: await folder.folder("late") }, ["join", late]);
  equal(code, 1, stderr);
  match(stderr, /no connection with the one that issued the invite.*pollen up -d/s);
});
