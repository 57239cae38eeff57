// A session of pollen/2 goes on wherever its ends move, and nobody else can move it.

import { deepEqual, equal } from "node:assert/strict";
import { PROBE_FIRST_BYTE } from "../../lib/mesh/path_probe.ts";
import { formatAddress } from "../../lib/types/mod.ts";
import { openStranger } from "../quic/support.ts";
import { Relay } from "../support/relay.ts";
import {
  connectedPair,
  inTime,
  nextNumber,
  nextText,
  numbered,
  saying,
  TestMesh,
  TestNetwork,
} from "./support.ts";

const network = await TestNetwork.found();
const members = await network.pair();

/** A session whose packets go through a relay: by whom it was dialled, and who was dialled. */
async function openPair() {
  const dialler = await TestMesh.open(members[0]);
  const acceptor = await TestMesh.open(members[1]);
  const relay = await Relay.open(acceptor.address);
  await dialler.connect(acceptor, [relay.address]);
  await acceptor.connected(dialler);
  const sessions = [
    await dialler.mesh.session(acceptor.key),
    await acceptor.mesh.session(dialler.key),
  ] as const;
  return {
    dialler,
    acceptor,
    relay,
    sessions,
    async [Symbol.asyncDispose]() {
      await Promise.all([dialler[Symbol.asyncDispose](), acceptor[Symbol.asyncDispose]()]);
      await relay[Symbol.asyncDispose]();
    },
  };
}

/** Both ends hear each other, on the sessions that there were. */
async function assertHeard({ dialler, acceptor, sessions }: Awaited<ReturnType<typeof openPair>>) {
  dialler.mesh.sendFrame(acceptor.key, saying("there"));
  acceptor.mesh.sendFrame(dialler.key, saying("back"));
  deepEqual([await nextText(acceptor), await nextText(dialler)], ["there", "back"]);
  equal(await dialler.mesh.session(acceptor.key), sessions[0]);
  equal(await acceptor.mesh.session(dialler.key), sessions[1]);
}

Deno.test("the dialling end moves, again and again, and the session goes on", async () => {
  await using pair = await openPair();
  const { relay, sessions: [, far] } = pair;
  for (let move = 0; move < 3; move++) {
    const before = formatAddress(far.remoteAddress);
    await relay.moveClient();
    await assertHeard(pair);
    equal(formatAddress(far.remoteAddress) === before, false);
  }
});

Deno.test("the accepting end moves, and the session goes on once it says something", async () => {
  await using pair = await openPair();
  const { relay, acceptor, dialler, sessions: [near] } = pair;
  await relay.moveServer();
  acceptor.mesh.sendFrame(dialler.key, saying("from elsewhere"));
  equal(await nextText(dialler), "from elsewhere");
  await assertHeard(pair);
  deepEqual(near.remoteAddress, relay.address);
});

Deno.test("a path that goes silent is left for another one at which the peer is known", async () => {
  const dialler = await TestMesh.open(members[0], { candidates: () => [acceptor.address] });
  await using _first = dialler;
  await using acceptor = await TestMesh.open(members[1]);
  await using relay = await Relay.open(acceptor.address);
  await dialler.connect(acceptor, [relay.address]);
  await acceptor.connected(dialler);
  const near = await dialler.mesh.session(acceptor.key);
  relay.carry = () => [];
  dialler.mesh.sendFrame(acceptor.key, saying("1"));
  equal(await nextText(acceptor), "1");
  deepEqual(near.remoteAddress, acceptor.address);
});

Deno.test("recorded packets and foreign probes move no path", async () => {
  await using pair = await openPair();
  const { relay, acceptor, sessions: [, far] } = pair;
  const recorded: Uint8Array[] = [];
  relay.carry = (packet) => {
    recorded.push(packet.slice());
    return [packet];
  };
  await assertHeard(pair);
  const before = formatAddress(far.remoteAddress);
  await using stranger = await openStranger();
  for (const packet of recorded) await stranger.send(packet, acceptor.address);
  for (let length = 0; length < 64; length++) {
    const noise = crypto.getRandomValues(new Uint8Array(length));
    if (length > 0) noise[0] = PROBE_FIRST_BYTE;
    await stranger.send(noise, acceptor.address);
  }
  // Whoever is asked cannot answer without the session's secret; he may send the question back.
  const question = await stranger.receive();
  equal(question[0], PROBE_FIRST_BYTE);
  await stranger.send(question, acceptor.address);
  await assertHeard(pair);
  equal(formatAddress(far.remoteAddress), before);
});

Deno.test("with pollen/1 paths are QUIC's own: nothing is asked, and nothing can be moved", async () => {
  const [one, two] = await connectedPair(members, { isOld: true });
  await using a = one;
  await using b = two;
  const session = await inTime(a.mesh.session(b.key), "the session");
  await using stranger = await openStranger();
  session.setPath(stranger.address);
  a.mesh.shakePaths();
  a.mesh.send(b.key, numbered(1n));
  equal(await nextNumber(b), 1n);
});
