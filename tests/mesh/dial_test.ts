// Whom a dial may reach: the very peer that was meant, a valid member of the same network, and
// whatever else answers is refused without a trace at either end.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { openEngine } from "../../lib/quic/mod.ts";
import { inviteProtocols } from "../../lib/mesh/mod.ts";
import { ALPN_MEMBER_2, type PeerKey, type SocketAddress } from "../../lib/types/mod.ts";
import { systemRandom } from "../../lib/host/mod.ts";
import { openStranger } from "../quic/support.ts";
import { DAY_MS, later } from "../unit/auth/fixtures.ts";
import { clock, DIAL, failure, inTime, TestMesh, TestNetwork } from "./support.ts";

const network = await TestNetwork.found();
const members = await network.pair();

async function assertNothingLeft(...meshes: TestMesh[]): Promise<void> {
  for (const test of meshes) {
    await test.untilAllEnded();
    deepEqual(test.mesh.connectedPeers(), []);
  }
}

Deno.test("another key at the address is a mismatch, and no session is left at either end", async () => {
  await using a = await TestMesh.open(members[0]);
  await using b = await TestMesh.open(members[1]);
  const expected = network.founder.key;
  await rejects(
    a.mesh.connect(expected, [b.address], DIAL),
    failure(
      "identity_mismatch",
      new RegExp(`expected ${expected.slice(0, 8)} got ${b.key.slice(0, 8)}.*check the address`),
    ),
  );
  await assertNothingLeft(a);
  // The other end may have seen a valid member come and go; it did so before whoever comes next.
  await a.connect(b);
  const next = await b.mesh.session(a.key);
  await b.sessions.reach(1);
  equal(b.sessions.all.includes(next), true);
  a.mesh.closePeerSession(b.key, "disconnected");
  await assertNothingLeft(a, b);
});

Deno.test("a member of another network is refused, whoever dials", async () => {
  const stranger = await (await TestNetwork.found(99)).member(20);
  for (const theyDial of [false, true]) {
    await using a = await TestMesh.open(members[0]);
    await using b = await TestMesh.open(stranger);
    const [from, to] = theyDial ? [b, a] : [a, b];
    await rejects(from.mesh.connect(to.key, [to.address], DIAL), { code: "unauthenticated" });
    await assertNothingLeft(a, b);
  }
});

Deno.test("an expired membership does not count, whoever dials", async () => {
  const brief = await network.member(30, 60_000);
  for (const theyDial of [false, true]) {
    // Only this end's clock knows that the other one's time is over.
    const now = { ...clock, wallNow: () => later(60 + 61) };
    await using a = await TestMesh.open(members[0], { clock: now });
    await using b = await TestMesh.open(brief);
    if (theyDial) {
      // TLS 1.3 lets the one who dials believe for a round trip that it got in.
      await b.connect(a);
      match((await b.disconnected(a)).text, /identity failed: .*expired/);
    } else {
      await rejects(
        a.mesh.connect(b.key, [b.address], DIAL),
        failure("unauthenticated", /expired/),
      );
    }
    await assertNothingLeft(a, b);
  }
});

Deno.test("a revoked peer is refused, whoever dials", async () => {
  for (const theyDial of [false, true]) {
    const isRevoked = (peer: PeerKey) => peer === members[1].key;
    await using a = await TestMesh.open(members[0], { isRevoked });
    await using b = await TestMesh.open(members[1]);
    if (theyDial) {
      await b.connect(a);
      match((await b.disconnected(a)).text, /has been revoked/);
    } else {
      await rejects(a.mesh.connect(b.key, [b.address], DIAL), failure("refused", /been revoked/));
    }
    await assertNothingLeft(a, b);
  }
});

Deno.test("somebody who refuses us is left alone for longer than somebody who went", async () => {
  await using a = await TestMesh.open(members[0], { isRevoked: () => true });
  await using b = await TestMesh.open(members[1]);
  await b.connect(a);
  equal((await b.disconnected(a)).reason, "revoked");
});

Deno.test("a node does not connect with itself", async () => {
  await using a = await TestMesh.open(members[0]);
  await rejects(a.connect(a), failure("identity_mismatch", /leads back to this very node/));
  await assertNothingLeft(a);
});

Deno.test("a certificate without a membership is no way in", async () => {
  await using a = await TestMesh.open(members[0]);
  const { identity } = network.founder;
  const [, bare] = await inviteProtocols(
    { identity, tlsIdentityTtlMs: DAY_MS, clock, random: systemRandom },
    { serve: "none" },
  );
  await using engine = await openEngine({
    address: { ip: "127.0.0.1", port: 0 },
    protocols: [{ ...bare!, alpn: ALPN_MEMBER_2 }],
  });
  const session = await engine.dial(a.address, { alpn: ALPN_MEMBER_2, timeoutMs: 5_000 });
  match((await inTime(session.closed, "the refusal")).reason, /missing membership extension/);
  await assertNothingLeft(a);
});

Deno.test("of several addresses the living one wins; the dead ones are called off", async () => {
  await using quiet = await openStranger();
  await using a = await TestMesh.open(members[0]);
  await using b = await TestMesh.open(members[1]);
  await using other = await TestMesh.open(network.founder);
  const closed = await closedAddress();
  await a.connect(b, [quiet.address, closed, other.address, b.address]);
  deepEqual((await a.connected(b)).address, b.address);
  await other.untilAllEnded();
});

Deno.test("when every address fails, the failure that says most is told with all of them", async () => {
  await using quiet = await openStranger();
  await using a = await TestMesh.open(members[0]);
  await using other = await TestMesh.open(network.founder);
  const short = { timeoutMs: 200 };
  const { port } = other.address;
  const both = [quiet.address, other.address];
  const told = failure(
    "identity_mismatch",
    new RegExp(`Tried .*:${quiet.address.port}, .*:${port}\\.`),
  );
  // On a slow machine nobody has answered by the end of so short a time.
  for (let timeoutMs = 200;; timeoutMs *= 2) {
    const thrown = await a.mesh.connect(members[1].key, both, { timeoutMs }).catch((error) =>
      error
    );
    if (thrown.code === "timeout" && timeoutMs < 20_000) continue;
    told(thrown);
    break;
  }
  await rejects(
    a.mesh.connect(members[1].key, [quiet.address], short),
    failure("timeout", /did not answer/),
  );
  await rejects(
    a.mesh.connect(members[1].key, [], short),
    failure("invalid_argument", /no address/),
  );
});

Deno.test("a dial that nobody wants any longer is cancelled", async () => {
  await using quiet = await openStranger();
  await using a = await TestMesh.open(members[0]);
  const cancel = new AbortController();
  const options = { timeoutMs: 60_000, signal: cancel.signal };
  const dialling = a.mesh.connect(members[1].key, [quiet.address], options);
  const waiting = a.mesh.session(members[1].key, cancel.signal);
  const opening = a.mesh.openStream(members[1].key, cancel.signal);
  cancel.abort();
  const all = Promise.allSettled([dialling, waiting, opening]);
  for (const result of await inTime(all, "the cancellation")) {
    equal(result.status === "rejected" && result.reason.code, "cancelled");
  }
});

/** An address of this machine that nothing is bound to. */
async function closedAddress(): Promise<SocketAddress> {
  const stranger = await openStranger();
  await stranger[Symbol.asyncDispose]();
  return stranger.address;
}
