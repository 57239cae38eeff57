import assert from "node:assert/strict";
import {
  inTime,
  MORE_THAN_WINDOWS,
  openPair,
  openStreamPair,
  pattern,
  present,
  protocol,
  readAll,
} from "./support.ts";

Deno.test("a stream carries bytes both ways and ends in each direction by itself", async () => {
  await using pair = await openPair();
  const { ours, theirs } = await openStreamPair(pair);
  assert.deepEqual(theirs.head, Uint8Array.of(7, 8));
  assert.equal(ours.head.length, 0);
  assert.equal(theirs.session, pair.far);
  const [up, down] = [pattern(3_000_000, 1), pattern(2_000_000, 2)];
  const [, atFar] = await Promise.all([
    ours.write(up).then(() => ours.finish()),
    readAll(theirs),
  ]);
  assert.deepEqual(atFar, up);
  const [, atNear] = await Promise.all([
    theirs.write(down).then(() => theirs.finish()),
    readAll(ours),
  ]);
  assert.deepEqual(atNear, down);
  assert.equal(await ours.read(), null);
  await assert.rejects(ours.write(Uint8Array.of(1)), { code: "closed" });
});

Deno.test("reads give no more than was asked for", async () => {
  await using pair = await openPair();
  const { ours, theirs } = await openStreamPair(pair);
  await ours.write(pattern(10));
  ours.finish();
  const read: number[] = [];
  for (let chunk = await theirs.read(3); chunk !== null; chunk = await theirs.read(3)) {
    assert.ok(chunk.length <= 3);
    read.push(...chunk);
  }
  assert.deepEqual(read, [...pattern(10)]);
});

Deno.test("writes keep their order, and the end comes after them", async () => {
  await using pair = await openPair();
  const { ours, theirs } = await openStreamPair(pair);
  const parts = Array.from({ length: 20 }, (_, index) => pattern(100_000, index + 1));
  const writes = parts.map((part) => ours.write(part));
  ours.finish();
  ours.finish();
  const whole = await readAll(theirs);
  await Promise.all(writes);
  assert.deepEqual(whole, new Uint8Array(parts.flatMap((part) => [...part])));
});

Deno.test("a writer waits while nobody reads", async () => {
  await using pair = await openPair();
  const { ours, theirs } = await openStreamPair(pair);
  let isWritten = false;
  const writing = ours.write(MORE_THAN_WINDOWS).then(() => {
    isWritten = true;
    ours.finish();
  });
  // Another stream goes its way meanwhile, there and back.
  const other = await openStreamPair(pair, Uint8Array.of(1, 1));
  await other.theirs.write(Uint8Array.of(5));
  assert.deepEqual(await inTime(other.ours.read(), "a byte"), Uint8Array.of(5));
  assert.equal(isWritten, false);
  assert.equal((await readAll(theirs)).length, MORE_THAN_WINDOWS.length);
  await writing;
});

Deno.test("the head is gathered from many writes, and shorter when the stream is", async () => {
  await using pair = await openPair([protocol({ headBytes: 5 })]);
  const first = await pair.near.openStream();
  for (const byte of [1, 2, 3, 4, 5, 6]) await first.write(Uint8Array.of(byte));
  const accepted = present(await inTime(pair.far.acceptStream(), "a stream"));
  assert.deepEqual(accepted.head, Uint8Array.of(1, 2, 3, 4, 5));
  assert.deepEqual(await accepted.read(), Uint8Array.of(6));
  const second = await pair.near.openStream();
  await second.write(Uint8Array.of(1, 2));
  second.finish();
  const short = present(await inTime(pair.far.acceptStream(), "a stream"));
  assert.deepEqual(short.head, Uint8Array.of(1, 2));
  assert.equal(await short.read(), null);
  await short.write(Uint8Array.of(3));
  short.finish();
  assert.deepEqual(await readAll(second), Uint8Array.of(3));
});

Deno.test("a protocol without heads gives streams as they are", async () => {
  await using pair = await openPair([protocol({ headBytes: 0 })]);
  const ours = await pair.near.openStream();
  await ours.write(Uint8Array.of(1));
  const theirs = present(await inTime(pair.far.acceptStream(), "a stream"));
  assert.equal(theirs.head.length, 0);
  assert.deepEqual(await theirs.read(), Uint8Array.of(1));
});

Deno.test("abort is a reset to the reader and a stop to the writer", async () => {
  await using pair = await openPair();
  const { ours, theirs } = await openStreamPair(pair);
  const reading = theirs.read();
  const writing = theirs.write(MORE_THAN_WINDOWS);
  ours.abort(17);
  ours.abort(18);
  await assert.rejects(inTime(reading, "the reset"), { code: "reset", details: { code: 17 } });
  await assert.rejects(inTime(writing, "the stop"), { code: "reset", details: { code: 17 } });
  await assert.rejects(ours.read(), { code: "closed" });
  await assert.rejects(ours.write(Uint8Array.of(1)), { code: "closed" });
});

Deno.test("whatever waits on a session ends with it, at both ends", async () => {
  await using pair = await openPair();
  const { ours, theirs } = await openStreamPair(pair);
  const waiting = [
    ours.read(),
    theirs.read(),
    ours.write(MORE_THAN_WINDOWS),
    theirs.write(MORE_THAN_WINDOWS),
  ].map((operation) =>
    assert.rejects(inTime<unknown>(operation, "its end"), {
      code: "closed",
      message: "session lost: gone.",
    })
  );
  pair.far.close("gone");
  await Promise.all(waiting);
  for (const session of [pair.near, pair.far]) {
    await assert.rejects(session.openStream(), { code: "closed", message: /^session lost/ });
  }
});

Deno.test("a reset is told to a reader who comes late", async () => {
  await using pair = await openPair();
  const { ours, theirs } = await openStreamPair(pair);
  ours.abort();
  const writing = theirs.write(MORE_THAN_WINDOWS);
  await assert.rejects(inTime(writing, "the stop"), { code: "reset" });
  await assert.rejects(inTime(theirs.read(), "the reset"), { code: "reset" });
});

Deno.test("the end of the session ends its streams", async () => {
  await using pair = await openPair();
  const { ours, theirs } = await openStreamPair(pair);
  const reading = theirs.read();
  const writing = theirs.write(MORE_THAN_WINDOWS);
  pair.near.close("over");
  await assert.rejects(inTime(reading, "the end"), { code: "closed" });
  await assert.rejects(inTime(writing, "the end"), { code: "closed" });
  await assert.rejects(inTime(ours.read(), "the end"), { code: "closed" });
  assert.equal(await inTime(pair.far.acceptStream(), "the end"), null);
});

Deno.test("a peer allows 1,024 streams; the next waits for one to end, or is cancelled", async () => {
  await using pair = await openPair();
  const streams = await Promise.all(
    Array.from({ length: 1_024 }, async () => {
      const stream = await pair.near.openStream();
      await stream.write(Uint8Array.of(1, 2));
      return stream;
    }),
  );
  const controller = new AbortController();
  const cancelled = pair.near.openStream({ signal: controller.signal });
  const waiting = pair.near.openStream();
  controller.abort();
  await assert.rejects(cancelled, { code: "cancelled" });
  for (const stream of streams.slice(0, 512)) stream.abort();
  for (let index = 0; index < 512; index++) {
    present(await inTime(pair.far.acceptStream(), "a stream")).abort();
  }
  const opened = await inTime(waiting, "a stream that waited");
  await opened.write(Uint8Array.of(3, 4));
});
