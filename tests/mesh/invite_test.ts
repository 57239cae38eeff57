// Redeeming an invite over the wire: what comes back, what loss cannot do, and who is refused.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { verifyJoinToken } from "../../lib/auth/mod.ts";
import { JoinToken } from "../../lib/proto/mod.ts";
import { formatAddress, peerKeyBytes, PollenError } from "../../lib/types/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { Relay } from "../support/relay.ts";
import { NOW } from "../unit/auth/fixtures.ts";
import {
  CountingRedeemer,
  invite,
  mayCarryInvite,
  openServer,
  originalInvite,
  redeemingBy,
  Stranger,
} from "./invite_support.ts";
import { TestMesh, TestNetwork } from "./support.ts";

const network = await TestNetwork.found();
const { root } = network;

function failure(code: PollenError["code"], text: RegExp) {
  return (thrown: unknown) => {
    if (!(thrown instanceof PollenError)) throw thrown;
    equal(thrown.code, code, thrown.text);
    match(thrown.text, text);
    return true;
  };
}

Deno.test("an invite is exchanged for a join token that makes a member", async () => {
  await using server = await openServer(network);
  await using stranger = await Stranger.open(2);
  const token = await stranger.redeem(invite(root, [server]));
  verifyJoinToken(token, NOW, stranger.identity.publicKey);
  const cert = token.claims!.memberCert!;
  const credentials = { trust: token.claims!.trust!, cert };
  const { identity } = stranger;
  await using member = await TestMesh.open({ identity, credentials, key: identity.peerKey });
  await member.connect(server);
  await server.connected(member);
  deepEqual(server.mesh.connectedPeers(), [identity.peerKey]);
});

for (const lossy of ["toServer", "toClient"] as const) {
  Deno.test(`two lost datagrams are repaired (${lossy})`, async () => {
    const redeemer = new CountingRedeemer(root);
    await using server = await openServer(network, { redeemer, isOld: true });
    await using relay = await Relay.open(server.address);
    await using stranger = await Stranger.open(2);
    // Time goes by only when something was lost: so nothing is repeated that arrived.
    const clock = new FakeClock(NOW);
    let lost = 0;
    relay.carry = (packet, direction) => {
      if (direction !== lossy || lost === 2 || !mayCarryInvite(packet)) return [packet];
      lost++;
      clock.advance(600);
      return [];
    };
    const address = relay.address;
    const invited = await originalInvite(root, invite(root, [{ key: server.key, address }]));
    const token = await stranger.redeem(invited, { clock });
    verifyJoinToken(token, NOW, stranger.identity.publicKey);
    equal(lost, 2);
    equal(redeemer.asked, lossy === "toServer" ? 1 : 3);
    equal(clock.pending, 0, "no timer is left");
  });
}

Deno.test("nobody answers: the one who asks gives up, and says what to check", async () => {
  await using server = await openServer(network);
  await using relay = await Relay.open(server.address);
  await using stranger = await Stranger.open(2);
  const clock = new FakeClock(NOW);
  relay.carry = (packet) => {
    if (!mayCarryInvite(packet)) return [packet];
    clock.advance(600);
    return [];
  };
  const token = invite(root, [{ key: server.key, address: relay.address }]);
  await rejects(
    stranger.redeem(token, { clock }),
    failure("timeout", /does not answer\..*Check that its daemon runs/),
  );
  equal(clock.pending, 0);
});

Deno.test("the same key gets the same token again, another key none", async () => {
  await using server = await openServer(network);
  await using first = await Stranger.open(2);
  await using second = await Stranger.open(3);
  const token = invite(root, [server]);
  const given = JoinToken.encode(await first.redeem(token));
  deepEqual(JoinToken.encode(await first.redeem(token)), given);
  await rejects(
    second.redeem(token),
    failure("refused", /^invite token already consumed\. Ask for a new invite\.$/),
  );
});

Deno.test("another node at the address gets nothing, not even the invite", async () => {
  const redeemer = new CountingRedeemer(root);
  await using server = await openServer(network, { redeemer });
  await using stranger = await Stranger.open(2);
  const { key } = await network.member(20);
  await rejects(stranger.redeem(invite(root, [{ key, address: server.address }])), {
    code: "identity_mismatch",
  });
  equal(redeemer.asked, 0);
});

Deno.test("of several failures the one that says most is told", async () => {
  await using server = await openServer(network);
  await using stranger = await Stranger.open(2);
  const { key } = await network.member(20);
  const wrong = { key, address: server.address };
  const nameless = { key: server.key, address: { ip: "nowhere.invalid", port: 1 } };
  for (const order of [[wrong, nameless], [nameless, wrong]]) {
    await rejects(stranger.redeem(invite(root, order)), { code: "identity_mismatch" });
  }
  await rejects(
    stranger.redeem(invite(root, [nameless])),
    failure("unreachable", /can be resolved: nowhere\.invalid:1\. Ask for an invite/),
  );
});

Deno.test("an invite too large for a datagram is said to be that", async () => {
  await using server = await openServer(network, { isOld: true });
  await using stranger = await Stranger.open(2);
  // On loopback a datagram holds a lot: more than the longest packet takes a long list.
  const names = Array.from({ length: 40 }, (_, index) => `${"n".repeat(60)}.${index}.invalid:1`);
  const token = root.signer.issueInvite({
    bootstrap: Array.from({ length: 32 }, () => ({
      peerPub: peerKeyBytes(server.key),
      addrs: [formatAddress(server.address), ...names],
    })),
    ttlMs: 300_000,
    now: NOW,
  });
  await rejects(
    stranger.redeem(await originalInvite(root, token)),
    failure("too_large", /does not fit a message\. Ask for an invite with fewer addresses\.$/),
  );
});

Deno.test("who is interrupted asks no further", async () => {
  const cancel = new AbortController();
  await using server = await openServer(network, {
    redeemer: redeemingBy(root, () => {
      cancel.abort();
      return Promise.reject(new PollenError("refused", "too late."));
    }),
  });
  await using stranger = await Stranger.open(2);
  const { signal } = cancel;
  const clock = new FakeClock(NOW);
  await rejects(stranger.redeem(invite(root, [server, server]), { clock, signal }), {
    code: "cancelled",
  });
  await server.untilAllEnded();
  equal(server.sessions.all.length, 1);
});
