// Strangers on the protocol of invites: what they may say, for how long, and how many of them.

import { deepEqual, equal } from "node:assert/strict";
import { type LogFields, silentLog } from "../../lib/types/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { NOW } from "../unit/auth/fixtures.ts";
import {
  CountingRedeemer,
  invite,
  nextAnswer,
  openServer,
  redeemingBy,
  requestBytes,
  Stranger,
} from "./invite_support.ts";
import { inTime, numbered, TestMesh, TestNetwork } from "./support.ts";
import { Envelope } from "../../lib/proto/mod.ts";

const network = await TestNetwork.found();
const { root } = network;

Deno.test("garbage ends the session of the stranger who sent it", async () => {
  const redeemer = new CountingRedeemer(root);
  await using server = await openServer(network, { redeemer });
  await using stranger = await Stranger.open(2);
  for (
    const bytes of [
      Uint8Array.of(0xff, 0xff, 0xff),
      new Uint8Array(0),
      Envelope.encode(numbered(1n)),
      Envelope.encode({
        body: { kind: "inviteRedeemRequest", value: { subjectPub: new Uint8Array(32) } },
      }),
      Envelope.encode({
        body: { kind: "inviteRedeemResponse", value: { accepted: true, reason: "" } },
      }),
    ]
  ) {
    const session = await stranger.dial(server);
    session.sendDatagram(bytes);
    const end = await inTime(session.closed, "the end");
    equal(end.reason, "unexpected message on invite connection");
  }
  equal(redeemer.asked, 0);
  deepEqual(server.mesh.connectedPeers(), []);
});

Deno.test("the key that counts is the proved one, whatever the request says", async () => {
  await using server = await openServer(network);
  await using stranger = await Stranger.open(2);
  await using other = await Stranger.open(3);
  const session = await stranger.dial(server);
  session.sendDatagram(requestBytes(invite(root, [server]), other.identity));
  const { joinToken } = await nextAnswer(session);
  deepEqual(joinToken!.claims!.memberCert!.claims!.subjectPub, stranger.identity.publicKey);
});

Deno.test("a stranger who says nothing is sent away, and one who asks without end too", async () => {
  const clock = new FakeClock(NOW);
  await using server = await openServer(network, { clock });
  await using stranger = await Stranger.open(2);
  const quiet = await stranger.dial(server);
  await server.sessions.reach(1);
  clock.advance(9_999);
  const talking = await stranger.dial(server);
  const request = requestBytes(invite(root, [server]), stranger.identity);
  talking.sendDatagram(request);
  equal((await nextAnswer(talking)).accepted, true);
  clock.advance(1);
  equal((await inTime(quiet.closed, "the end")).reason, "invite failed");
  for (let count = 1; count < 16; count++) {
    talking.sendDatagram(request);
    if (count < 15) await nextAnswer(talking);
  }
  equal((await inTime(talking.closed, "the end")).reason, "invite failed");
  equal(clock.pending, 0);
});

Deno.test("one source has so many slots; the next stranger is sent away, and let in later", async () => {
  const clock = new FakeClock(NOW);
  const exceeded: string[] = [];
  const limits = { count: (limit: string) => void exceeded.push(limit) };
  await using server = await openServer(network, { clock, limits });
  await using stranger = await Stranger.open(2);
  const sessions = [];
  for (let count = 0; count < 8; count++) sessions.push(await stranger.dial(server));
  await server.sessions.reach(8);
  const surplus = await stranger.dial(server);
  equal((await inTime(surplus.closed, "the end")).reason, "invite failed");
  deepEqual(exceeded, ["invite_sessions"]);
  clock.advance(10_000);
  for (const { closed } of sessions) await inTime(closed, "the end of a quiet session");
  await server.untilAllEnded();
  const token = await stranger.redeem(invite(root, [server]));
  equal(token.claims!.trust!.clusterId.length, 32);
});

Deno.test("whoever goes on talking loses the slot after a while", async () => {
  const clock = new FakeClock(NOW);
  await using server = await openServer(network, { clock });
  await using stranger = await Stranger.open(2);
  const session = await stranger.dial(server);
  await server.sessions.reach(1);
  const request = requestBytes(invite(root, [server]), stranger.identity);
  for (let second = 0; second < 20; second += 2) {
    session.sendDatagram(request);
    equal((await nextAnswer(session)).accepted, true);
    clock.advance(2_000);
  }
  equal((await inTime(session.closed, "the end")).reason, "invite failed");
});

Deno.test("refusals fill no log: the first is written, the others are counted", async () => {
  const clock = new FakeClock(NOW);
  const lines: [string, LogFields | undefined][] = [];
  const log = {
    ...silentLog,
    warn: (message: string, fields?: LogFields) => void lines.push([message, fields]),
  };
  await using server = await openServer(network, { clock, log, isRevoked: () => true });
  await using other = await TestMesh.open(await network.member(9));
  for (let count = 0; count < 5; count++) {
    await other.connect(server);
    await other.disconnected(server);
  }
  equal(lines.length, 1);
  clock.advance(60_000);
  deepEqual(lines.map(([message, fields]) => [message, fields!["count"]]), [
    ["refused a connection", undefined],
    ["refused a connection", 4],
  ]);
});

Deno.test("a defect of ours is no stranger's business; a person finds it in the log", async () => {
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (_: string, fields?: unknown) => warnings.push(fields) };
  const redeemer = redeemingBy(root, () => Promise.reject(new Error("/secret/path is broken")));
  await using server = await openServer(network, { redeemer, log });
  await using stranger = await Stranger.open(2);
  const session = await stranger.dial(server);
  session.sendDatagram(requestBytes(invite(root, [server]), stranger.identity));
  const answer = await nextAnswer(session);
  deepEqual([answer.accepted, answer.reason], [false, "this node cannot redeem invites now"]);
  deepEqual(warnings, [{ peer: stranger.identity.peerKey, reason: "/secret/path is broken" }]);
});

Deno.test("an answer that fits no datagram is said to be one", async () => {
  const full = new CountingRedeemer(root);
  const redeemer = redeemingBy(root, async (...args) => {
    const token = await full.redeem(...args);
    return { ...token, signature: new Uint8Array(60_000) };
  });
  await using server = await openServer(network, { redeemer });
  await using stranger = await Stranger.open(2);
  const session = await stranger.dial(server);
  session.sendDatagram(requestBytes(invite(root, [server]), stranger.identity));
  const answer = await nextAnswer(session);
  deepEqual([answer.accepted, answer.joinToken], [false, undefined]);
  equal(answer.reason, "the answer does not fit a message; use an invite with fewer addresses");
});
