// Streams between our engine and quiche: bulk, many, half-closed, reset and stopped.

import { deepEqual, equal, rejects } from "node:assert/strict";
import type { Stream } from "../../lib/types/mod.ts";
import { QuicheStream } from "../../scripts/support/quiche/mod.ts";
import { inTime, pattern, present, readAll, sha256 } from "../quic/support.ts";
import { type InteropPair, sessionTest } from "./support.ts";

const BULK_BYTES = 4 * 1024 * 1024;
/** More than our windows and quiche's, and what both buffer, add up to. */
const MORE_THAN_BOTH_HOLD = new Uint8Array(12 * 1024 * 1024);
const SMALL_STREAMS = 400;

/** A stream opened by us, and the peer's end of it; one byte has gone through. */
async function openOurs({ ours, theirs }: InteropPair): Promise<[Stream, QuicheStream]> {
  const stream = await inTime(ours.openStream(), "leave to open a stream");
  await stream.write(Uint8Array.of(1));
  const accepted = present(await inTime(theirs.acceptStream(), "a stream"));
  deepEqual(await inTime(accepted.read(), "a byte"), Uint8Array.of(1));
  return [stream, accepted];
}

/** The same, opened by quiche. */
async function openTheirs({ ours, theirs }: InteropPair): Promise<[Stream, QuicheStream]> {
  const stream = await inTime(theirs.openStream(), "leave to open a stream");
  await stream.write(Uint8Array.of(1));
  const accepted = present(await inTime(ours.acceptStream(), "a stream"));
  deepEqual(await inTime(accepted.read(), "a byte"), Uint8Array.of(1));
  return [accepted, stream];
}

/** Reads a stream to its end; the two ends have it under the same name. */
function readToEnd(stream: Stream | QuicheStream): Promise<Uint8Array> {
  return stream instanceof QuicheStream ? stream.readAll() : readAll(stream);
}

/** Writes to a stream and ends that direction. */
async function writeLast(stream: Stream | QuicheStream, bytes: Uint8Array): Promise<void> {
  if (stream instanceof QuicheStream) return await stream.write(bytes, true);
  await stream.write(bytes);
  stream.finish();
}

/** Sends back what each stream of the peer brings, until the session ends. */
async function answerAll(session: { acceptStream(): Promise<Stream | QuicheStream | null> }) {
  const answers: Promise<void>[] = [];
  for (let stream; (stream = await session.acceptStream()) !== null;) {
    const accepted = stream;
    answers.push(readToEnd(accepted).then((bytes) => writeLast(accepted, bytes)));
  }
  await Promise.all(answers);
}

sessionTest("bulk goes both ways at once, unchanged", async (pair) => {
  for (const open of [openOurs, openTheirs]) {
    const [ours, theirs] = await open(pair);
    const [up, down] = [pattern(BULK_BYTES, 1), pattern(BULK_BYTES, 2)];
    const [atTheirs, atOurs] = await inTime(
      Promise.all([
        theirs.readAll(),
        readAll(ours),
        ours.write(up).then(() => ours.finish()),
        theirs.write(down, true),
      ]),
      "the bulk",
    );
    equal(sha256(atTheirs), sha256(up));
    equal(sha256(atOurs), sha256(down));
  }
});

sessionTest("many small streams from both ends are answered, each with its own", async (pair) => {
  const { ours, theirs } = pair;
  const answering = [answerAll(ours), answerAll(theirs)];
  const asking = Array.from({ length: SMALL_STREAMS }, async (_, index) => {
    const request = pattern(index + 1, index);
    const stream = index % 2 === 0 ? await ours.openStream() : await theirs.openStream();
    await writeLast(stream, request);
    deepEqual(await readToEnd(stream), request);
  });
  await inTime(Promise.all(asking), "the answers");
  ours.close("");
  await inTime(Promise.all(answering), "the end");
});

sessionTest("an end of one direction leaves the other open", async (pair) => {
  const [ours, theirs] = await openOurs(pair);
  ours.finish();
  equal(await inTime(theirs.read(), "our end"), null);
  await theirs.write(pattern(100_000), true);
  deepEqual(await readAll(ours), pattern(100_000));
  const [later, dialled] = await openTheirs(pair);
  await dialled.write(Uint8Array.of(2), true);
  deepEqual(await inTime(later.read(), "a byte"), Uint8Array.of(2));
  equal(await inTime(later.read(), "their end"), null);
  await later.write(pattern(100_000));
  later.finish();
  deepEqual(await inTime(dialled.readAll(), "the answer"), pattern(100_000));
});

sessionTest("a stream that quiche resets says with which code", async (pair) => {
  const [ours, theirs] = await openTheirs(pair);
  const reading = ours.read();
  theirs.reset(17);
  await rejects(inTime(reading, "the reset"), { code: "reset", details: { code: 17 } });
  // The other direction goes on.
  await ours.write(Uint8Array.of(2));
  deepEqual(await inTime(theirs.read(), "a byte"), Uint8Array.of(2));
});

sessionTest("a stream that quiche stops says with which code", async (pair) => {
  const [ours, theirs] = await openOurs(pair);
  const writing = ours.write(MORE_THAN_BOTH_HOLD);
  theirs.stop(18);
  await rejects(inTime(writing, "the stop"), { code: "reset", details: { code: 18 } });
  await theirs.write(Uint8Array.of(3));
  deepEqual(await inTime(ours.read(), "a byte"), Uint8Array.of(3));
});

sessionTest("our abort is a reset and a stop to quiche, with our code", async (pair) => {
  const [ours, theirs] = await openOurs(pair);
  const reading = theirs.read();
  const writing = theirs.write(MORE_THAN_BOTH_HOLD);
  ours.abort(19);
  await rejects(inTime(reading, "the reset"), { kind: "reset", code: 19 });
  await rejects(inTime(writing, "the stop"), { kind: "stopped", code: 19 });
});

sessionTest("a writer waits while the other end does not read", async (pair) => {
  const [ours, theirs] = await openTheirs(pair);
  let written = 0;
  const writing = [ours, theirs].map((stream) =>
    writeLast(stream, MORE_THAN_BOTH_HOLD).then(() => written++)
  );
  // Another stream goes its way meanwhile, there and back.
  const [other, otherTheirs] = await openTheirs(pair);
  await other.write(Uint8Array.of(5));
  deepEqual(await inTime(otherTheirs.read(), "a byte"), Uint8Array.of(5));
  equal(written, 0);
  const reading = [ours, theirs].map((stream) => readToEnd(stream));
  for (const bytes of await inTime(Promise.all(reading), "what waited")) {
    equal(bytes.length, MORE_THAN_BOTH_HOLD.length);
  }
  await Promise.all(writing);
});
