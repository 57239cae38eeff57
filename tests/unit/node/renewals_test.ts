// Memberships go on by themselves: whoever signs gives its peers, and itself, another one in time. All
// over the real engine and with real signatures.

import { deepEqual, equal, match } from "node:assert/strict";
import { readMembership } from "../../../lib/auth/credentials_files.ts";
import type { Frame, MembershipCert } from "../../../lib/proto/mod.ts";
import { until } from "../../../scripts/support/pollen_process.ts";
import { inTime, type Member, TestMesh, TestNetwork } from "../../mesh/support.ts";
import { DAY_MS, makeDelegate, NOW, NOW_SECONDS } from "../auth/fixtures.ts";
import { DIR, network, RunningNode } from "./running.ts";

const { signer } = network.root;
const LOOK_MS = 10_000;
const A_YEAR_ON = NOW_SECONDS + 365n * 86_400n;
const RENEWED = "the membership of this machine was renewed";

async function endOf(running: RunningNode): Promise<bigint> {
  const { certificates } = await running.parts.service.getStatus();
  return certificates[0]!.notAfterUnix;
}

function withMembership(member: Member, cert: MembershipCert): Member {
  return { ...member, credentials: { ...member.credentials, cert } };
}

function issue({ key: subject }: Member, days: number, nonRenewable = false): MembershipCert {
  return signer.issueMembership({ subject, ttlMs: days * DAY_MS, nonRenewable, now: NOW });
}

async function startWith(root: RunningNode, member: Member): Promise<RunningNode> {
  const running = await RunningNode.start(member, { bootstrapPeers: [root.bootstrap] });
  await root.until("peer connected");
  await running.until("peer connected");
  return running;
}

Deno.test("who signs renews its peers' memberships in time, once, and they show them", async () => {
  await using root = await RunningNode.start(network.founder, { signer });
  await using one = await startWith(root, await network.member(50, 5 * DAY_MS));
  await using _lasting = await startWith(root, await network.member(51, 90 * DAY_MS));
  equal(await endOf(one), NOW_SECONDS + 5n * 86_400n);

  root.parts.clock.advance(LOOK_MS);
  await one.until(RENEWED);
  const end = await endOf(one);
  equal(end, A_YEAR_ON + 10n);
  // On disk, in what it says of itself, and for those who go by its session.
  equal((await readMembership(one.parts.disk, DIR))!.claims!.notAfterUnix, end);
  await until(
    "the member says so",
    () => Promise.resolve(root.parts.store.get(one.key)?.certExpiryUnix === end || null),
  );
  equal(root.parts.at.mesh.membershipOf(one.key)!.claims!.notAfterUnix, end);

  root.parts.clock.advance(1_000 * LOOK_MS);
  const given = root.parts.lines.filter(({ message }) => message.startsWith("renewing"));
  deepEqual(given.map(({ fields }) => fields["peer"]), [one.key]);
});

Deno.test("who signs renews its own membership too", async () => {
  const founder = withMembership(network.founder, issue(network.founder, 5));
  await using root = await RunningNode.start(founder, { signer });
  root.parts.clock.advance(LOOK_MS);
  await root.until(RENEWED);
  equal(await endOf(root), A_YEAR_ON + 10n);
});

Deno.test("what was given for a time only is not renewed, nor anything where nobody signs", async () => {
  await using root = await RunningNode.start(network.founder, { signer });
  const guest = await network.member(52);
  await using one = await startWith(root, withMembership(guest, issue(guest, 5, true)));
  await using plain = await RunningNode.start(await network.member(53, 5 * DAY_MS));
  await using two = await startWith(plain, await network.member(54, 5 * DAY_MS));
  for (const { parts } of [root, plain]) parts.clock.advance(LOOK_MS);
  for (const [from, to] of [[root, one], [plain, two]] as const) {
    deepEqual(from.parts.lines.filter(({ message }) => message.startsWith("renewing")), []);
    // Whatever went to them is there before what follows it on the same stream.
    await from.parts.node.registerService(80 as never, "web");
    await to.untilState((store) => store.get(from.key)!.services.size > 0, "a later word");
    await to.stop();
    deepEqual(to.parts.lines.filter(({ message }) => message === RENEWED), []);
    equal((await readMembership(to.parts.disk, DIR))!.claims!.notAfterUnix, await endOf(to));
    equal(await endOf(to), NOW_SECONDS + 5n * 86_400n);
  }
});

Deno.test("a member cannot change anybody's membership", async () => {
  await using root = await RunningNode.start(network.founder, { signer });
  const [hostile, third] = [await network.member(55), await network.member(56)];
  await using other = await startWith(root, third);
  await using mesh = await TestMesh.open(hostile);
  await inTime(mesh.mesh.connect(root.key, [root.parts.at.address], { timeoutMs: 20_000 }), "it");
  await root.until("peer connected");
  const foreign = await (await TestNetwork.found(11)).member(55);
  const forge = (cert: MembershipCert): MembershipCert => {
    const claims = { ...cert.claims!, notAfterUnix: cert.claims!.notAfterUnix + 1_000_000_000n };
    return { ...cert, claims };
  };
  const told = [
    forge(network.founder.credentials.cert),
    forge(foreign.credentials.cert),
    issue(third, 400),
    { claims: undefined, issuer: undefined, signature: new Uint8Array(0) },
  ];
  for (const value of told) mesh.mesh.sendFrame(root.key, { body: { kind: "membership", value } });
  match(
    String((await root.until("a renewed membership was not taken")).fields["reason"]),
    /signat/,
  );
  await root.until("a peer told of a membership that is none");
  // A better one of its own follows them, on the same stream.
  const better = issue(hostile, 400);
  mesh.mesh.sendFrame(root.key, { body: { kind: "membership", value: better } });
  const question = { peerId: new Uint8Array(32) };
  mesh.mesh.sendFrame(root.key, { body: { kind: "punchCoordRequest", value: question } });
  let answer: Frame["body"];
  while (answer?.kind !== "punchCoordRefusal") {
    answer = (await inTime(mesh.mesh.recvFrame(), "an answer"))!.frame.body;
  }
  const known = root.parts.at.mesh;
  deepEqual(known.membershipOf(hostile.key), better);
  deepEqual(known.membershipOf(other.key), third.credentials.cert);
  equal(await endOf(root), network.founder.credentials.cert.claims!.notAfterUnix);
});

for (
  const [what, days, signs, answer] of [
    ["gets another one when it asks in time", 5, true, true],
    ["is told when it is too early", 90, true, /not renewed now/],
    ["is told where nobody signs", 5, false, /not an admin/],
  ] as const
) {
  Deno.test(`a member of pollen/1 ${what}`, async () => {
    await using root = await RunningNode.start(network.founder, { signer: signs ? signer : null });
    const member = await network.member(57, days * DAY_MS);
    await using old = await TestMesh.open(member, { isOld: true });
    const dial = old.mesh.connect(root.key, [root.parts.at.address], { timeoutMs: 20_000 });
    await inTime(dial, "a connection");
    await root.until("peer connected");
    const value = { subjectPub: member.identity.publicKey, currentCert: new Uint8Array(0) };
    old.mesh.send(root.key, { body: { kind: "certRenewalRequest", value } });
    while (true) {
      const { envelope: { body } } = (await inTime(old.mesh.recv(), "an answer"))!;
      if (body?.kind !== "certRenewalResponse") continue;
      const { accepted, reason, cert } = body.value;
      equal(accepted, answer === true);
      if (answer === true) equal(cert!.claims!.notAfterUnix, A_YEAR_ON);
      else match(reason, answer);
      return;
    }
  });
}

Deno.test("whoever came while a membership was renewed hears of it a little later", async () => {
  const founder = withMembership(network.founder, issue(network.founder, 5));
  await using root = await RunningNode.start(founder, { signer });
  await using mesh = await TestMesh.open(await network.member(58));
  const { sendFrame } = root.parts.at.mesh;
  let isLost = true;
  // What is told in the moment of the renewal gets lost.
  root.parts.at.mesh.sendFrame = function (peer, frame) {
    if (frame.body?.kind !== "membership" || !isLost) sendFrame.call(this, peer, frame);
  };
  await inTime(mesh.mesh.connect(root.key, [root.parts.at.address], { timeoutMs: 20_000 }), "it");
  await root.until("peer connected");
  root.parts.clock.advance(LOOK_MS);
  await root.until(RENEWED);
  isLost = false;
  root.parts.clock.advance(4 * LOOK_MS);
  let told: Frame["body"];
  while (told?.kind !== "membership") {
    told = (await inTime(mesh.mesh.recvFrame(), "the word"))!.frame.body;
  }
  equal(told.value.claims!.notAfterUnix, await endOf(root));
});

Deno.test("a signer whose own certificate has ended says so once", async () => {
  const delegate = await makeDelegate(network.root, 60, 20 * DAY_MS);
  await using one = await RunningNode.start(await network.member(59, 22 * DAY_MS), {
    signer: delegate,
  });
  one.parts.clock.advance(21 * DAY_MS);
  one.parts.clock.advance(100 * LOOK_MS);
  const lines = one.parts.lines.filter(({ message }) => message === "no membership can be renewed");
  equal(lines.length, 1);
  match(String(lines[0]!.fields["reason"]), /expired/);
});
