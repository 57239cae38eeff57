// Links of pollen/2: frames in order, each peer held back by itself, and what a peer may not do.

import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { Frame } from "../../lib/proto/mod.ts";
import { framed } from "../../lib/mesh/framing.ts";
import { type Stream, streamHead, StreamKind, tunnelHead } from "../../lib/types/mod.ts";
import { until } from "../quic/support.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { NOW } from "../unit/auth/fixtures.ts";
import {
  connectedPair,
  inTime,
  nextText,
  numbered,
  saying,
  TestMesh,
  TestNetwork,
} from "./support.ts";

const network = await TestNetwork.found();
const members = await network.pair();
const HELLO = Frame.create({
  body: { kind: "hello", value: { version: "9.9.9", capabilities: ["later"] } },
});

/** A session of a member who sends what he likes, and the stream on which he should send frames. */
async function dialRaw(from: TestMesh, to: TestMesh) {
  const session = await from.engine.dial(to.address, { alpn: "pollen/2", timeoutMs: 5_000 });
  session.admit();
  await to.sessions.reach(1);
  return session;
}

async function control(stream: Stream, ...frames: Frame[]): Promise<void> {
  await stream.write(streamHead(StreamKind.control, 0));
  for (const frame of frames) await stream.write(framed(Frame.encode(frame)));
}

Deno.test("frames travel both ways, in order, and each end knows the other's version", async () => {
  const [one, two] = await connectedPair(members);
  await using a = one;
  await using b = two;
  for (const text of ["1", "2", "3"]) a.mesh.sendFrame(b.key, saying(text));
  b.mesh.sendFrame(a.key, saying("4"));
  deepEqual([await nextText(b), await nextText(b), await nextText(b)], ["1", "2", "3"]);
  equal(await nextText(a), "4");
  const capabilities = ["forward-invites", "relay"];
  const link = { protocol: "pollen/2", version: "test", capabilities };
  deepEqual([a.mesh.peerLink(b.key), b.mesh.peerLink(a.key)], [link, link]);
  equal(a.mesh.peerLink(network.founder.key), null);
  throws(() => a.mesh.send(b.key, numbered(1n)), { code: "unreachable" });
  throws(() => a.mesh.sendFrame(network.founder.key, saying("5")), { code: "unreachable" });
});

Deno.test("with a peer who speaks pollen/1 alone that is spoken, whoever dials", async () => {
  for (const isOldFirst of [true, false]) {
    await using old = await TestMesh.open(members[0], { isOld: true });
    await using current = await TestMesh.open(members[1]);
    const [from, to] = isOldFirst ? [old, current] : [current, old];
    await from.connect(to);
    await to.connected(from);
    const link = { protocol: "pollen/1", version: "", capabilities: [] };
    deepEqual(current.mesh.peerLink(old.key), link);
    throws(() => current.mesh.sendFrame(old.key, saying("1")), { code: "unreachable" });
    current.mesh.send(old.key, numbered(1n));
  }
});

Deno.test("who sends more than is taken is held back, loses nothing, and keeps nobody else waiting", async () => {
  const [one, two] = await connectedPair(members);
  await using a = one;
  await using b = two;
  await using other = await TestMesh.open(network.founder);
  await other.connect(b);
  await b.connected(other);
  const long = "x".repeat(60_000);
  let sent = 0;
  rejects: for (;;) {
    try {
      a.mesh.sendFrame(b.key, saying(`${sent} ${long}`));
      sent++;
    } catch (thrown) {
      equal((thrown as { code: string }).code, "exhausted");
      break rejects;
    }
  }
  other.mesh.sendFrame(b.key, saying(`another's ${long}`));
  // Once all of it is there, a stream that is opened then comes after it.
  const others = b.sessions.all[1]!;
  await until(() => others.stats().bytesReceived > long.length, "the other's frame");
  const last = await other.mesh.openStream(b.key);
  await last.write(tunnelHead("pollen/2", 1));
  await inTime(b.mesh.acceptStream(), "the stream after it");
  await new Promise((resolve) => setTimeout(resolve));
  const texts: string[] = [];
  for (let taken = 0; taken <= sent; taken++) texts.push((await nextText(b)).slice(0, 9).trim());
  const firstOfOther = texts.indexOf("another's");
  deepEqual(firstOfOther <= 2, true, `it came after ${firstOfOther} of ${sent}`);
  texts.splice(firstOfOther, 1);
  deepEqual(texts.map((text) => Number(text.split(" ")[0])), [...Array(sent).keys()]);
  a.mesh.sendFrame(b.key, saying("room again"));
  equal(await nextText(b), "room again");
});

Deno.test("a hello of a later version is taken, and what is unknown in it and after it is ignored", async () => {
  await using a = await TestMesh.open(members[0]);
  await using b = await TestMesh.open(members[1]);
  const session = await dialRaw(b, a);
  await control(await session.openStream(), HELLO);
  const stream = await session.openStream();
  await stream.write(Uint8Array.of(77, 0, 0));
  await rejects(inTime(stream.read(), "the refusal"), { code: "reset" });
  const second = await session.openStream();
  await control(second);
  await rejects(inTime(second.read(), "the second refusal"), { code: "reset" });
  deepEqual(a.mesh.peerLink(b.key), {
    protocol: "pollen/2",
    version: "9.9.9",
    capabilities: ["later"],
  });
});

const VIOLATIONS: Readonly<Record<string, readonly [(stream: Stream) => Promise<void>, RegExp]>> = {
  "another frame before the hello": [(stream) => control(stream, saying("1")), /is no hello/],
  "a hello that is no text": [
    (stream) =>
      control(stream, {
        body: { kind: "hello", value: { version: "\u001b[2J", capabilities: [] } },
      }),
    /not well-formed/,
  ],
  "a frame that is too long": [
    async (stream) => {
      await control(stream, HELLO);
      await stream.write(Uint8Array.of(0x7f, 0, 0, 0));
    },
    /2130706432 bytes was announced/,
  ],
  "bytes that are no frame": [
    async (stream) => {
      await control(stream, HELLO);
      await stream.write(framed(Uint8Array.of(0xff, 0xff, 0xff)));
    },
    /control stream failed/,
  ],
};

for (const [what, [violate, reason]] of Object.entries(VIOLATIONS)) {
  Deno.test(`a peer is cut off for ${what}`, async () => {
    await using a = await TestMesh.open(members[0]);
    await using b = await TestMesh.open(members[1]);
    const session = await dialRaw(b, a);
    await violate(await session.openStream());
    match((await inTime(session.closed, "the end")).reason, reason);
    await a.untilAllEnded();
  });
}

Deno.test("a peer who ends the control stream of its only session is cut off", async () => {
  const clock = new FakeClock(NOW);
  await using a = await TestMesh.open(members[0], { clock });
  await using b = await TestMesh.open(members[1]);
  const session = await dialRaw(b, a);
  const stream = await session.openStream();
  await control(stream, HELLO);
  stream.finish();
  await until(() => {
    clock.advance(1_000); // There might be a session that takes its place.
    return a.sessions.alive.length === 0;
  }, "the end");
  match((await inTime(session.closed, "the end")).reason, /finished it/);
});

Deno.test("a peer who says no hello is cut off after ten seconds", async () => {
  const clock = new FakeClock(NOW);
  await using a = await TestMesh.open(members[0], { clock });
  await using b = await TestMesh.open(members[1]);
  const session = await dialRaw(b, a);
  await a.connected(b);
  clock.advance(9_999);
  equal(a.mesh.connectedPeers().length, 1);
  clock.advance(1);
  equal((await inTime(session.closed, "the end")).reason, "no hello");
});
