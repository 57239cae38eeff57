// What is begun can be ended: a service, a forward, a membership. Ended means for whoever uses it
// and after a restart, not only in the list.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { type Place, pollen, pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { assertFailed, pollenJson } from "./support/background.ts";
import { connectService, Pair, status } from "./support/network.ts";
import { Origin, readText } from "./support/tcp.ts";

const GREETING = "hello";

function greetingOrigin(greeting = GREETING): Origin {
  return new Origin(async (connection) => {
    await connection.write(new TextEncoder().encode(greeting));
    await connection.closeWrite();
    await readText(connection);
  });
}

/** What a program gets that connects to the port. */
async function greetingAt(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  return await readText(connection);
}

async function serviceNames(place: Place): Promise<string[]> {
  return (await status(place)).services.map(({ name }) => name);
}

Deno.test("unserve and disconnect end what serve and connect began", async (t) => {
  await using pair = await Pair.start();
  await using origin = greetingOrigin();
  const [root, member] = [pair.root.place, pair.member.place];
  const port = String(origin.port);
  await pollenOk(member, ["serve", port, "api"]);
  await pollenOk(member, ["serve", port, "web"]);
  const local = await connectService(root, "api");
  equal(await greetingAt(local), GREETING);

  await t.step("unserve knows names and ports, and what is not served", async () => {
    assertFailed(await pollen(member, ["unserve", "nothing"]), 3, /not serve.*pollen status/);
    assertFailed(await pollen(member, ["unserve", "1"]), 3, /port 1.*pollen status/);
    assertFailed(await pollen(member, ["unserve"]), 2, /needs <port\|name>/);
    equal(await pollenOk(member, ["unserve", "web"]), `no longer serving "web" on port ${port}`);
    equal(await greetingAt(local), GREETING, "the other name still stands for the port");
  });

  await t.step("a service that moves to another port takes its clients along", async () => {
    await using elsewhere = greetingOrigin("hello from elsewhere");
    await pollenOk(member, ["serve", String(elsewhere.port), "api"]);
    await until("the forward follows", async () => {
      const [forward] = (await status(root)).forwards;
      return forward!.remotePort === elsewhere.port || null;
    });
    equal(await greetingAt(local), "hello from elsewhere");
    await pollenOk(member, ["serve", port, "api"]);
    await until("and comes back", async () => {
      const [forward] = (await status(root)).forwards;
      return forward!.remotePort === origin.port || null;
    });
    equal(await greetingAt(local), GREETING);
  });

  await t.step("a port that is taken back serves nobody", async () => {
    const { names } = await pollenJson(member, ["unserve", port]);
    deepEqual(names, ["api"]);
    await rejects(greetingAt(local));
    await until("the root knows", async () => (await serviceNames(root)).length === 0 || null);
    const [forward] = (await status(root)).forwards;
    equal(typeof forward!.lastFailure, "string", "status says why it failed");
  });

  await t.step("a number that is no port here may be a name", async () => {
    await pollenOk(member, ["serve", port, "12345"]);
    deepEqual(await pollenJson(member, ["unserve", "12345"]), {
      ...{ schemaVersion: 1, port: origin.port, transport: "tcp", names: ["12345"] },
    });
  });

  await t.step("disconnect knows local ports and services, and what is not forwarded", async () => {
    await pollenOk(member, ["serve", port, "api"]);
    assertFailed(await pollen(root, ["disconnect", "nothing"]), 3, /Nothing.*pollen status/);
    assertFailed(await pollen(root, ["disconnect", String(local), "zz"]), 2, /beginning of a key/);
    equal((await pollenJson(root, ["disconnect", String(local)])).localPort, local);
    await rejects(Deno.connect({ hostname: "127.0.0.1", port: local }));
    assertFailed(await pollen(root, ["disconnect", String(local)]), 3, /Nothing called/);

    const again = await connectService(root, "api");
    equal(await greetingAt(again), GREETING);
    const provider = await pollenOk(member, ["id"]);
    const ended = await pollenJson(root, ["disconnect", "api", provider.slice(0, 6).toUpperCase()]);
    deepEqual([ended.localPort, ended.service, ended.provider], [again, "api", provider]);
    deepEqual((await status(root)).forwards, []);
  });
});

Deno.test("a revoked machine is out, and its tunnels with it", async () => {
  await using pair = await Pair.start();
  await using origin = greetingOrigin();
  const [root, member] = [pair.root.place, pair.member.place];
  const [rootKey, memberKey] = [await pollenOk(root, ["id"]), await pollenOk(member, ["id"])];
  const local = await pair.tunnel(origin.port, "api");
  equal(await greetingAt(local), GREETING);

  assertFailed(await pollen(root, ["revoke", "xyz"]), 2, /beginning of a key/);
  assertFailed(await pollen(root, ["revoke", "0".repeat(64)]), 3, /No machine.*status --all/);
  assertFailed(await pollen(root, ["revoke", rootKey]), 2, /itself/);
  assertFailed(await pollen(member, ["revoke", rootKey]), 1, /cannot revoke.*pollen init/);
  equal(await greetingAt(local), GREETING, "nothing has changed");

  deepEqual(await pollenJson(root, ["revoke", memberKey.slice(0, 16).toUpperCase()]), {
    ...{ schemaVersion: 1, key: memberKey },
  });
  await rejects(greetingAt(local));
  const { peers } = await status(root);
  deepEqual(peers.filter(({ status }) => status === "online"), []);
});
