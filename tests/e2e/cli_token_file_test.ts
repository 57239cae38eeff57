// Machines that are set up by a program: `up --token-file` joins on the first start and only runs on
// every later one.

import { equal } from "node:assert/strict";
import { pollen, pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { assertFailed, Places, pollenJson } from "./support/background.ts";
import { LOCAL, status } from "./support/network.ts";

Deno.test("up joins with a token file once", async () => {
  await using places = await Places.make();
  const [root, member] = [await places.place("root"), await places.place("member")];
  const file = `${member.dir}.token`;
  await pollenOk(root, ["init"]);
  await pollenJson(root, ["up", "-d", ...LOCAL]);
  const up = ["up", "-d", "--token-file", file, ...LOCAL];

  assertFailed(await pollen(member, up), 3, /no token file.*pollen invite/);
  await Deno.writeTextFile(file, "x".repeat(100_000));
  assertFailed(await pollen(member, up), 2, /too long for a token/);
  await Deno.writeTextFile(file, `\n${await pollenOk(root, ["invite"])}\n`);
  await pollenJson(member, up);
  const { self } = await status(member);
  await until("the root meets it", async () => {
    return (await status(root)).peers.some(({ key }) => key === self.key) || null;
  });

  await pollenOk(member, ["down"]);
  await Deno.remove(file);
  await pollenJson(member, up);
  equal((await status(member)).self.key, self.key);
});
