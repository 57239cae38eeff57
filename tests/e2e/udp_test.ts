// UDP services between separate processes: a name server's questions, a VPN's packets, a stream, and
// what ends them. With POLLEN_FULL=1 as many as a busy network has.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Daemon, pollenOk, until } from "../../scripts/support/pollen_process.ts";
import { LOCAL_KEPT_PORT, Pair, status } from "./support/network.ts";
import { UdpClient, UdpOrigin } from "./support/udp.ts";
import {
  askQuestions,
  backwards,
  connectUdp,
  exchangePackets,
  packet,
  sendStream,
  VPN_BYTES,
} from "./support/udp_loads.ts";

const IS_FULL = Deno.env.get("POLLEN_FULL") === "1";
const QUESTIONS = IS_FULL ? 10_000 : 200;
const VPN_PACKETS = IS_FULL ? 20_000 : 100;
/** 10 Mbit/s for so many seconds. */
const STREAM_SECONDS = IS_FULL ? 20 : 0;

Deno.test("a UDP service of one node is used on the other", async (t) => {
  await using pair = await Pair.start(LOCAL_KEPT_PORT);
  await using origin = await UdpOrigin.open(backwards);
  let { root, member } = pair;
  const served = await pollenOk(member.place, ["serve", "--udp", String(origin.port), "dns"]);
  equal(served.trim(), `serving port ${origin.port}/udp as "dns"`);
  const port = await connectUdp(root.place, "dns");

  await t.step(`${QUESTIONS} questions, each from a port of its own, are answered`, async () => {
    await askQuestions(port, QUESTIONS);
    ok(origin.received >= QUESTIONS);
  });

  await t.step(`${VPN_PACKETS} packets of ${VPN_BYTES} bytes come back whole`, async () => {
    await exchangePackets(port, VPN_PACKETS);
  });

  if (STREAM_SECONDS > 0) {
    await t.step(`10 Mbit/s for ${STREAM_SECONDS} s pass`, async () => {
      await using client = await UdpClient.open(port);
      const before = origin.received;
      const packets = await sendStream(client, STREAM_SECONDS);
      await until(
        "what is under way has come",
        () => Promise.resolve(origin.received - before >= packets * 0.99 || null),
      );
      const [forward] = (await status(root.place)).forwards;
      console.log(
        `10 Mbit/s: ${origin.received - before} of ${packets} packets came, ` +
          `${client.received.length} answers, ${forward!.droppedPackets} given up`,
      );
    });
  }

  await t.step("status and disconnect speak of it as of any other", async () => {
    const { forwards, services } = await status(root.place);
    equal(forwards.length, 1);
    equal(forwards[0]!.transport, "udp");
    equal(forwards[0]!.localPort, port);
    equal(services.find(({ name }) => name === "dns")!.transport, "udp");
    const shown = await pollenOk(root.place, ["status"]);
    match(shown, new RegExp(`dns +\\S+ +${origin.port}/udp +${port}`));
  });

  await t.step("both ends come back after a restart", async () => {
    // Flows of UDP are kept for a minute.
    equal(await member.stop(true), 0, member.log.join("\n"));
    member = await Daemon.up(member.place, LOCAL_KEPT_PORT);
    await using client = await UdpClient.open(port);
    deepEqual(await client.ask(packet(40, 6)), backwards(packet(40, 6)));
    equal(await root.stop(true), 0, root.log.join("\n"));
    root = await Daemon.up(root.place, LOCAL_KEPT_PORT);
    deepEqual(await client.ask(packet(40, 7)), backwards(packet(40, 7)));
  });

  await t.step("a packet to a service that was taken back goes nowhere", async () => {
    await using client = await UdpClient.open(port);
    const question = packet(40, 8);
    deepEqual(await client.ask(question), backwards(question));
    await pollenOk(member.place, ["unserve", "dns"]);
    const before = origin.received;
    await client.send(question);
    // What is asked elsewhere afterwards is answered: nothing is under way any more.
    await using next = await UdpOrigin.open(backwards);
    await pollenOk(member.place, ["serve", "--udp", String(next.port), "next"]);
    const nextPort = await connectUdp(root.place, "next");
    await using other = await UdpClient.open(nextPort);
    deepEqual(await other.ask(packet(40, 9)), backwards(packet(40, 9)));
    equal(origin.received, before);
    const ended = await pollenOk(root.place, ["disconnect", String(nextPort)]);
    match(ended, /no longer forwarding/);
    await pollenOk(root.place, ["disconnect", "dns"]);
    deepEqual((await status(root.place)).forwards, []);
  });
  await Promise.all([member[Symbol.asyncDispose](), root[Symbol.asyncDispose]()]);
});
