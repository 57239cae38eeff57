// What was begun on the session that loses to a crossing one goes on to its end, for a bounded time and
// while its peer is a member; then the session ends by itself.

import { deepEqual, equal } from "node:assert/strict";
import { DRAIN_MS_MAX, type Session, type Stream, tunnelHead } from "../../lib/types/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { NOW } from "../unit/auth/fixtures.ts";
import { pattern, readAll, until } from "../quic/support.ts";
import { inTime, nextText, present, saying, TestMesh, TestNetwork } from "./support.ts";

const network = await TestNetwork.found();
const members = await network.pair();
/** More than the windows of one stream hold, so that both ends take part to the end. */
const DATA = pattern(3_000_000);

/** Two meshes whose dials cross, and what tells of it. Time stands at both, so that nothing is late. */
interface Crossing extends AsyncDisposable {
  /** The one with the smaller key, whose dial wins, and its clock. */
  readonly small: TestMesh;
  readonly clock: FakeClock;
  readonly large: TestMesh;
  /** A tunnel of each end that has it on the loser: opened, and come to nobody yet. */
  readonly begun: readonly (readonly [from: TestMesh, to: TestMesh, stream: Stream])[];
  /** At both ends. */
  readonly losers: readonly [Session, Session];
  isRevoked: boolean;
}

/** The loser is the current one at both ends first, and each opens a tunnel on it. */
async function crossAfterBoth(): Promise<Crossing> {
  const winning = Promise.withResolvers<void>();
  const clock = new FakeClock(NOW);
  const made = { isRevoked: false };
  const isRevoked = () => made.isRevoked;
  const small = await TestMesh.open(members[0], { clock, isRevoked, dialsAfter: winning.promise });
  const large = await TestMesh.open(members[1], { clock: new FakeClock(NOW) });
  const connecting = small.connect(large);
  await large.connect(small);
  await small.connected(large);
  await large.connected(small);
  const losers = [small.sessions.all[0]!, large.sessions.all[0]!] as const;
  const begun = [
    [small, large, await tunnel(small, large)],
    [large, small, await tunnel(large, small)],
  ] as const;
  large.mesh.sendFrame(small.key, saying("said on the loser"));
  winning.resolve();
  await connecting;
  await small.connected(large);
  await large.connected(small);
  return Object.assign(made, { small, clock, large, begun, losers, ...ending(small, large) });
}

/** The loser is the current one at the end alone that dialled it, and comes to one that has the winner. */
async function crossAfterOne(): Promise<Crossing> {
  const accepting = Promise.withResolvers<void>();
  const clock = new FakeClock(NOW);
  const small = await TestMesh.open(members[0], { clock });
  const large = await TestMesh.open(members[1], {
    clock: new FakeClock(NOW),
    acceptsAfter: accepting.promise,
  });
  await small.connect(large);
  await small.connected(large);
  await large.connect(small);
  await large.connected(small);
  await small.sessions.reach(2);
  const losers = [small.sessions.all[1]!, large.sessions.all[0]!] as const;
  const begun = [[large, small, await tunnel(large, small)]] as const;
  accepting.resolve();
  await large.connected(small);
  return { small, clock, large, begun, losers, isRevoked: false, ...ending(small, large) };
}

function ending(...meshes: TestMesh[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      for (const mesh of meshes) await mesh[Symbol.asyncDispose]();
    },
  };
}

async function tunnel(from: TestMesh, to: TestMesh): Promise<Stream> {
  const stream = await inTime(from.mesh.openStream(to.key), "a stream");
  await stream.write(tunnelHead("pollen/2", 80));
  return stream;
}

async function nextTunnel(at: TestMesh): Promise<Stream> {
  return present(await inTime(at.mesh.acceptStream(), "a tunnel")).stream;
}

/** Sends it whole through a stream, and back from the other end. */
async function echoed(stream: Stream, incoming: Stream, bytes: Uint8Array): Promise<Uint8Array> {
  const answering = (async () => {
    for (let chunk; (chunk = await incoming.read()) !== null;) await incoming.write(chunk);
    incoming.finish();
  })();
  const reading = readAll(stream);
  await stream.write(bytes);
  stream.finish();
  await inTime(answering, "the whole at the other end");
  return await inTime(reading, "the whole again");
}

for (const [where, cross] of Object.entries({ both: crossAfterBoth, one: crossAfterOne })) {
  Deno.test(`what is begun on a loser that was current at ${where} arrives whole, then it ends`, async () => {
    await using made = await cross();
    const { small, large, begun, losers } = made;
    const arrived = await Promise.all(begun.map(([, to]) => nextTunnel(to)));
    for (const [from, to] of [[small, large], [large, small]] as const) {
      const { session } = await tunnel(from, to);
      equal(losers.includes(session), false, "nothing more is begun on the loser");
      (await nextTunnel(to)).abort();
    }
    for (const [index, [, , stream]] of begun.entries()) {
      equal(losers.includes(stream.session), true, "it began on the loser");
      deepEqual(await echoed(stream, arrived[index]!, DATA), DATA);
    }
    for (const { closed } of losers) equal((await inTime(closed, "the end")).reason, "replaced");
    for (const at of [small, large]) equal(at.sessions.alive.length, 1);
  });
}

Deno.test("a loser is kept for a bounded time", async () => {
  await using made = await crossAfterBoth();
  const { small, clock, losers, large } = made;
  // Both hellos are there, or one of the sessions would end for want of it.
  equal(await nextText(small), "said on the loser");
  await until(() => small.mesh.peerLink(large.key)?.version === "test", "the hello");
  clock.advance(DRAIN_MS_MAX - 1);
  equal(small.sessions.alive.length, 2);
  clock.advance(1);
  for (const { closed } of losers) equal((await inTime(closed, "the end")).reason, "replaced");
  equal(small.sessions.alive.length, 1);
});

const CUTS: Readonly<Record<string, (made: Crossing) => void>> = {
  "its peer is cut off": ({ small, large }) => small.mesh.closePeerSession(large.key, "revoked"),
  "its peer is no member any more": (made) => {
    made.isRevoked = true;
    made.small.mesh.recheckPeers();
  },
};

for (const [when, cut] of Object.entries(CUTS)) {
  Deno.test(`nothing goes on on a loser when ${when}`, async () => {
    await using made = await crossAfterBoth();
    cut(made);
    for (const { closed } of made.losers) await inTime(closed, "the end");
    deepEqual(made.small.sessions.alive, []);
    equal((await made.small.disconnected(made.large)).reason, "revoked");
  });
}
