// The engine against quic-go, which nodes of the original speak: both dial and are dialled. Not one
// of the tests that always run, because it needs Go and its module proxy: `deno task interop:go`.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { TemporaryFolder } from "../../../scripts/support/pollen_process.ts";
import type { Engine, Session, SocketAddress, Stream } from "../../../lib/types/mod.ts";
import {
  ALPN,
  inTime,
  newIdentity,
  openTestEngine,
  pattern,
  present,
  protocol,
  readAll,
  sha256,
} from "../../quic/support.ts";
import { build, GoProgram } from "./program.ts";

/** What the first byte of a stream or datagram says; main.go has the same. */
const [QUESTION, ANSWER, REFUSED] = [..."qar"].map((letter) => letter.charCodeAt(0)) as [
  number,
  number,
  number,
];
const [RESET_CODE, STOP_CODE, CLOSE_CODE] = [17, 18, 9] as const;

for (const role of ["client", "server"] as const) {
  Deno.test(`streams, datagrams and ends with quic-go (the ${role})`, async () => {
    await using folder = await TemporaryFolder.make();
    const program = await build(folder, ".");
    const identity = newIdentity();
    await using engine = await openTestEngine([protocol({ identity, headBytes: 1 })]);
    // Who dials us is to prove its address first.
    engine.setGatekeeper(({ isAddressProved }) => isAddressProved ? "take" : "retry");
    await using peer = new GoProgram(
      program,
      role === "client" ? ["dial", textOf(engine.localAddress)] : ["serve"],
    );
    const session = await joined(role, engine, peer);
    deepEqual(await peer.said("connected"), {
      own: sha256(session.peerCertificate),
      theirs: sha256(identity.certificate),
    });
    session.admit();
    const answers = answerAll(session);
    await ask(session);
    await peer.said("asked");
    await abort(session, peer);
    await end(role, session, peer);
    await inTime(answers, "the end");
  });
}

async function joined(role: string, engine: Engine, peer: GoProgram): Promise<Session> {
  if (role === "client") return present(await inTime(engine.accept(), "a session"));
  const [ip, port] = (await peer.said("listening") as string).split(":") as [string, string];
  return await engine.dial({ ip, port: Number(port) }, { alpn: ALPN, timeoutMs: 20_000 });
}

/** Streams with much and with little to carry, and one that quic-go refuses. */
async function ask(session: Session): Promise<void> {
  const sizes = [4 << 20, ...Array.from({ length: 100 }, (_, index) => index)];
  await inTime(
    Promise.all(sizes.map(async (size) => {
      const request = pattern(size, size + 1);
      const stream = await session.openStream();
      const writing = write(stream, request);
      const got = await readAll(stream);
      await writing;
      equal(got[0], QUESTION);
      equal(sha256(got.subarray(1)), sha256(request));
    })),
    "the answers",
  );
  const refused = await session.openStream();
  await refused.write(Uint8Array.of(REFUSED));
  await rejects(inTime(refused.read(), "the reset"), { details: { code: RESET_CODE } });
  const writing = refused.write(new Uint8Array(24 * 1024 * 1024));
  await rejects(inTime(writing, "the stop"), { details: { code: STOP_CODE } });
}

async function write(stream: Stream, body: Uint8Array): Promise<void> {
  await stream.write(Uint8Array.of(QUESTION));
  await stream.write(body);
  stream.finish();
}

/** A stream that we abort: quic-go must hear with which code. */
async function abort(session: Session, peer: GoProgram): Promise<void> {
  const stream = await session.openStream();
  await stream.write(Uint8Array.of(QUESTION));
  // It has begun to answer, and waits for more.
  deepEqual(await inTime(stream.read(), "a byte"), Uint8Array.of(QUESTION));
  stream.abort(19);
  deepEqual(await peer.said("aborted"), { remote: true, code: 19 });
}

async function end(role: string, session: Session, peer: GoProgram): Promise<void> {
  if (role === "client") {
    session.close("so long", 7);
    deepEqual(await peer.said("closed"), { remote: true, code: 7, reason: "so long" });
    return;
  }
  await peer.close();
  const end = await inTime(session.closed, "the end");
  deepEqual(end, { kind: "remote", errorCode: CLOSE_CODE, reason: "good bye" });
}

/** Answers what quic-go asks, until the session ends. */
async function answerAll(session: Session): Promise<void> {
  const streams = (async () => {
    for (let stream; (stream = await session.acceptStream()) !== null;) void answer(stream);
  })();
  for (let bytes; (bytes = await session.receiveDatagram()) !== null;) {
    equal(bytes[0], QUESTION);
    bytes[0] = ANSWER;
    equal(session.sendDatagram(bytes), "sent");
  }
  await streams;
}

async function answer(stream: Stream): Promise<void> {
  equal(stream.head[0], QUESTION);
  await write(stream, await readAll(stream));
}

function textOf({ ip, port }: SocketAddress): string {
  return `${ip}:${port}`;
}
