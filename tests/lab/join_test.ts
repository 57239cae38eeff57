// Joining where the machine with the root key lets nobody in: through a member that it has a session
// with, and that its invites name by themselves.

import { equal, match, ok } from "node:assert/strict";
import { pollen, pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { status } from "../e2e/support/network.ts";
import { FIREWALL, TRACKING } from "./support/nat.ts";
import { Network } from "./support/nodes.ts";
import { CAN_HAVE_LAB, Lab } from "./support/topology.ts";

interface Invite {
  readonly token: string;
  readonly bootstrap: readonly { readonly key: string; readonly addresses: readonly string[] }[];
}

Deno.test({
  name: "a newcomer joins through a member, while the issuer lets nobody in",
  ignore: !CAN_HAVE_LAB,
  async fn(t) {
    await using lab = await Lab.make();
    await using network = await Network.make(lab);
    const { root } = network;
    // To the firewall the session with the member is one that it let in: otherwise it drops what the
    // member says until the root speaks first, which on a quiet session takes up to ten seconds.
    await root.site.namespace.nft(TRACKING);
    const middle = await network.add(await lab.host(), "middle");
    await root.site.namespace.nft(FIREWALL);
    const invite = async (...words: string[]): Promise<Invite> =>
      JSON.parse(await pollenOk(root.place, ["invite", "--json", ...words]));
    const newcomer = async (name: string) => ({
      dir: await network.folder.folder(name),
      prefix: (await lab.hostBehind(await lab.router("strict"))).prefix,
    });

    await t.step("the issuer alone is not reached", async () => {
      const { token } = await invite("--bootstrap", `${root.key}@${root.site.ip}:60611`);
      const { code, stderr } = await pollen(await newcomer("alone"), ["join", "--no-start", token]);
      ok(code !== 0);
      match(stderr, /No answer over UDP/);
    });
    await t.step("its invites name the member besides, and that is enough", async () => {
      const { token, bootstrap } = await until("the member's address is known", async () => {
        const invited = await invite();
        return invited.bootstrap.some(({ key }) => key === middle.key) ? invited : null;
      });
      equal(bootstrap.length, 2);
      const place = await newcomer("third");
      match(await pollenOk(place, ["join", "--no-start", token]), /^joined the network/);
    });
    const { peers } = await status(root.place);
    equal(
      peers.filter(({ status }) => status === "online").length,
      1,
      "the member stays connected",
    );
  },
});
