// Joining through a member that cannot redeem the invite itself: it passes the request on and the
// answer back, and can neither read nor forge either.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { sealRedemption, verifyJoinToken } from "../../lib/auth/mod.ts";
import { ALPN_INVITE_2, inviteProtocols } from "../../lib/mesh/mod.ts";
import {
  JoinToken,
  RedemptionFailure,
  SealedAnswer,
  SealedRedemption,
} from "../../lib/proto/mod.ts";
import { systemRandom } from "../../lib/host/mod.ts";
import { openEngine } from "../../lib/quic/mod.ts";
import {
  PollenError,
  REDEMPTIONS_AT_ONCE_MAX,
  type Session,
  streamHead,
  StreamKind,
} from "../../lib/types/mod.ts";
import { framed, FrameSplitter } from "../../lib/mesh/framing.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { DAY_MS, NOW } from "../unit/auth/fixtures.ts";
import { CountingRedeemer, invite, openServer, redeemingBy, Stranger } from "./invite_support.ts";
import { clock, failure, inTime, present, TestMesh, TestNetwork } from "./support.ts";

const network = await TestNetwork.found();
const { root } = network;
const forwarding = await network.member(20);

/** Until the peer's hello has come: it says whether the peer redeems. */
async function heardHello(mesh: TestMesh, peer: TestMesh): Promise<void> {
  await inTime(
    (async () => {
      while ((mesh.mesh.peerLink(peer.key)?.capabilities ?? []).length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })(),
    "the hello",
  );
}

/** The issuer dials a member, as one that nobody reaches from outside does. */
async function meet(issuer: TestMesh, member: TestMesh): Promise<void> {
  await issuer.connect(member);
  await heardHello(member, issuer);
  await heardHello(issuer, member);
}

/** What comes back on a stream of redemptions that is opened here. */
async function askOverStream(session: Session, request: Uint8Array): Promise<SealedAnswer> {
  const stream = await session.openStream();
  await stream.write(streamHead(StreamKind.redemption, 0));
  await stream.write(framed(request));
  stream.finish();
  const splitter = new FrameSplitter(16_384);
  for (let piece; (piece = await stream.read()) !== null;) {
    for (const message of splitter.push(piece)) return SealedAnswer.decode(message);
  }
  throw new Error("there was no answer");
}

Deno.test("a member passes the request on to the issuer, and the answer back", async () => {
  const redeemer = new CountingRedeemer(root);
  await using issuer = await openServer(network, { redeemer });
  await using member = await TestMesh.open(forwarding);
  await meet(issuer, member);
  await using stranger = await Stranger.open(2);
  const invited = invite(root, [member]);
  const token = await stranger.redeem(invited);
  verifyJoinToken(token, NOW, stranger.identity.publicKey);
  equal(redeemer.asked, 1);

  // Asking again, through the issuer itself, gives the same; another key gets nothing.
  deepEqual(
    JoinToken.encode(await stranger.redeem({ ...invited })),
    JoinToken.encode(token),
  );
  await using other = await Stranger.open(3);
  await rejects(other.redeem(invited), failure("refused", /already consumed\. Ask for a new/));
  await using bound = await Stranger.open(4);
  const unable = root.signer.issueInvite({
    subject: stranger.identity.peerKey,
    bootstrap: invited.claims!.bootstrap,
    ttlMs: 300_000,
    now: NOW,
  });
  await rejects(bound.redeem(unable), failure("unauthenticated", /subject mismatch/));
});

Deno.test("without the issuer a member says so; the next one is asked", async () => {
  await using alone = await TestMesh.open(forwarding);
  await using stranger = await Stranger.open(2);
  await rejects(
    stranger.redeem(invite(root, [alone])),
    failure("failed_precondition", /no connection with the one that issued.*pollen up -d/),
  );
  await using issuer = await openServer(network);
  const token = await stranger.redeem(invite(root, [alone, issuer]));
  verifyJoinToken(token, NOW, stranger.identity.publicKey);
});

Deno.test("members that say they redeem and do not cannot keep newcomers out", async () => {
  await using issuer = await openServer(network);
  await using member = await TestMesh.open(forwarding);
  await meet(issuer, member);
  const impostors: TestMesh[] = [];
  await using cleanup = new AsyncDisposableStack();
  for (const seed of [21, 22]) {
    const impostor = cleanup.use(
      await TestMesh.open(await network.member(seed), {
        redeemer: {
          ...redeemingBy(root, () => Promise.reject(new Error("unused"))),
          open: () => {
            throw new PollenError("unauthenticated", "It holds no key to read with.");
          },
        },
      }),
    );
    await meet(impostor, member);
    impostors.push(impostor);
  }
  await using stranger = await Stranger.open(2);
  verifyJoinToken(
    await stranger.redeem(invite(root, [member])),
    NOW,
    stranger.identity.publicKey,
  );
});

/** Somebody at an address of the invite, with the right key, who does what it likes with a request. */
async function hostileForwarder(
  seed: number,
  answer: (request: SealedRedemption) => SealedAnswer,
) {
  const { identity, key } = await network.member(seed);
  const protocols = await inviteProtocols(
    { identity, tlsIdentityTtlMs: DAY_MS, clock, random: systemRandom },
    { serve: "sealed" },
  );
  const engine = await openEngine({ address: { ip: "127.0.0.1", port: 0 }, protocols });
  const seen: SealedRedemption[] = [];
  const served = (async () => {
    for (let session; (session = await engine.accept()) !== null;) {
      session.admit();
      const stream = present(await session.acceptStream());
      const splitter = new FrameSplitter(16_384);
      const [message] = [...splitter.push(present(await stream.read()))];
      seen.push(SealedRedemption.decode(present(message)));
      await stream.write(framed(SealedAnswer.encode(answer(seen.at(-1)!))));
    }
  })();
  return {
    key,
    address: engine.localAddress,
    seen,
    async [Symbol.asyncDispose]() {
      await engine.close("test over");
      await served;
    },
  };
}

Deno.test("a hostile forwarder learns no invite, and its no does not count", async () => {
  const redeemer = new CountingRedeemer(root);
  await using issuer = await openServer(network, { redeemer });
  const lies = [
    () => ({ sealed: new Uint8Array(200), failure: RedemptionFailure.UNSPECIFIED }),
    () => ({ sealed: new Uint8Array(0), failure: 99 }),
  ];
  for (const lie of lies) {
    await using hostile = await hostileForwarder(23, lie);
    await using stranger = await Stranger.open(5 + lies.indexOf(lie));
    const invited = invite(root, [hostile, issuer]);
    const token = await stranger.redeem(invited);
    verifyJoinToken(token, NOW, stranger.identity.publicKey);

    const [seen] = hostile.seen;
    const bytes = SealedRedemption.encode(seen!).toHex();
    const secret = new TextEncoder().encode(invited.claims!.tokenId);
    equal(bytes.includes(secret.toHex()), false, "the token is not in it");
    equal(bytes.includes(invited.signature.toHex()), false);
    // Sent on under another key it does not open: the answer is for the one who asked.
    await using other = await Stranger.open(9);
    const session = await other.engine.dial(issuer.address, {
      alpn: ALPN_INVITE_2,
      timeoutMs: 5_000,
    });
    session.admit();
    const stream = await session.openStream();
    await stream.write(framed(SealedRedemption.encode(seen!)));
    const splitter = new FrameSplitter(16_384);
    const [message] = [...splitter.push(present(await stream.read()))];
    const { sealed } = SealedAnswer.decode(present(message));
    equal(sealRedemption(invited, other.identity, systemRandom).open(sealed), null);
    const { sealed: altered } = await changed(issuer, other, seen!);
    equal(altered.length, 0);
  }
  equal(redeemer.asked, 4, "twice asked itself, twice repeated, never for another key");
});

/** The answer to a request of which one bit is another. */
async function changed(
  issuer: TestMesh,
  stranger: Stranger,
  request: SealedRedemption,
): Promise<SealedAnswer> {
  const session = await stranger.engine.dial(issuer.address, {
    alpn: ALPN_INVITE_2,
    timeoutMs: 5_000,
  });
  session.admit();
  const ciphertext = request.ciphertext.slice();
  ciphertext[40]! ^= 1;
  const stream = await session.openStream();
  await stream.write(framed(SealedRedemption.encode({ ...request, ciphertext })));
  const splitter = new FrameSplitter(16_384);
  const [message] = [...splitter.push(present(await stream.read()))];
  return SealedAnswer.decode(present(message));
}

Deno.test("an invite for its issuer alone is not shown to who wants to see it", async () => {
  // A member that claims to know nothing but pollen-invite/1.
  const curious = new CountingRedeemer(root);
  await using old = await TestMesh.open(forwarding, { redeemer: curious, isOld: true });
  await using stranger = await Stranger.open(2);
  await rejects(
    stranger.redeem(invite(root, [old])),
    failure("unsupported", /wants to see the invite itself, which only its issuer may/),
  );
  equal(curious.asked, 0);
});

Deno.test("a member's requests are bounded; nonsense is none of ours", async () => {
  const redeemer = new CountingRedeemer(root);
  const still = new FakeClock(NOW);
  await using issuer = await openServer(network, { redeemer, clock: still });
  await using member = await TestMesh.open(forwarding);
  await member.connect(issuer);
  await issuer.connected(member);
  const session = await member.mesh.session(issuer.key);
  const { request } = sealRedemption(
    invite(root, [member]),
    (await Stranger.open(2).then(async (stranger) => {
      await stranger[Symbol.asyncDispose]();
      return stranger;
    })).identity,
    systemRandom,
  );
  const bytes = SealedRedemption.encode(request);
  const answers: SealedAnswer[] = [];
  for (let count = 0; count < REDEMPTIONS_AT_ONCE_MAX; count++) {
    answers.push(await inTime(askOverStream(session, bytes), "an answer"));
  }
  equal(answers.every(({ sealed }) => sealed.length > 0), true);
  const beyond = await inTime(askOverStream(session, bytes), "an answer");
  deepEqual([beyond.sealed.length, beyond.failure], [0, RedemptionFailure.BUSY]);
  equal(redeemer.asked, REDEMPTIONS_AT_ONCE_MAX);
  still.advance(60_000);
  await rejects(
    inTime(askOverStream(session, Uint8Array.of(255, 255)), "an end"),
    failure("reset", /./),
  );
  const other = SealedRedemption.encode({ ...request, issuerPub: new Uint8Array(32) });
  const foreign = await inTime(askOverStream(session, other), "an answer");
  equal(foreign.failure, RedemptionFailure.UNKNOWN_ISSUER);
  const abroad = SealedRedemption.encode({ ...request, clusterId: new Uint8Array(32) });
  const refused = await inTime(askOverStream(session, abroad), "an answer");
  equal(refused.failure, RedemptionFailure.FOREIGN_NETWORK);
});
