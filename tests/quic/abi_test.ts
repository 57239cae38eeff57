// The C functions of the library, called as no TypeScript of ours calls them: buffers and lengths
// that do not fit, handles that are stale or of others. Each answers, and no byte gets to another.

import assert from "node:assert/strict";
import { acquireLibrary, releaseLibrary } from "../../lib/quic/library.ts";
import {
  concat,
  encodeAddress,
  encodeSized,
  encodeText,
  EventKind,
  type EventRecord,
  Operation,
  PayloadReader,
  readRecords,
  Refusal,
} from "../../lib/quic/records.ts";
import { ALPN, inTime, newIdentity } from "./support.ts";

const LOOPBACK = { ip: "127.0.0.1", port: 0 };
const CLOSED_OUTCOME = 3;
const NOBODY = [0, 1, 0xfff, 1 << 20, 0x7fff_ffff, 0xffff_ffff];

type Library = ReturnType<typeof acquireLibrary>;

/** The bytes that open an engine. */
function request(): Uint8Array<ArrayBuffer> {
  const { certificate, privateKey } = newIdentity();
  return concat([
    encodeAddress(LOOPBACK),
    Uint8Array.of(0),
    encodeSized(new Uint8Array(0)),
    encodeSized(new Uint8Array(0)),
    Uint8Array.of(1, 2),
    encodeSized(encodeText(ALPN)),
    encodeSized(new Uint8Array(0)),
    encodeSized(certificate),
    encodeSized(privateKey),
  ]) as Uint8Array<ArrayBuffer>;
}

/** An engine by its C functions alone. */
class Door {
  readonly handle: number;
  readonly address;
  readonly #library: Library;
  readonly #records: EventRecord[] = [];

  constructor(library: Library) {
    this.#library = library;
    const bytes = request();
    const answer = new Uint8Array(1_024);
    this.handle = library.pollen_quic_new(bytes, bytes.length, answer, answer.length);
    assert.notEqual(this.handle, 0);
    this.address = new PayloadReader(answer.subarray(4)).address();
  }

  command(operation: number, a = 0, b = 0, s = 0, bytes: Uint8Array = new Uint8Array(0)): number {
    return this.#library.pollen_quic_command(
      this.handle,
      operation,
      a,
      b,
      s,
      bytes as Uint8Array<ArrayBuffer>,
      bytes.length,
    );
  }

  /** The next record of a kind; those before it are gone. */
  async expect(kind: number): Promise<EventRecord> {
    const buffer = new Uint8Array(1 << 20);
    while (true) {
      const record = this.#records.shift();
      if (record?.kind === kind) return record;
      if (record !== undefined) continue;
      await inTime(this.#library.pollen_quic_wait(this.handle, 30_000), "a record");
      const count = this.#library.pollen_quic_take(this.handle, buffer, buffer.length);
      this.#records.push(...readRecords(buffer.subarray(0, count)));
    }
  }

  /** The kinds of records that came until now. */
  kinds(): number[] {
    const buffer = new Uint8Array(1 << 20);
    const count = this.#library.pollen_quic_take(this.handle, buffer, buffer.length);
    this.#records.push(...readRecords(buffer.subarray(0, count)));
    return this.#records.splice(0).map(({ kind }) => kind);
  }

  free(): void {
    this.#library.pollen_quic_free(this.handle);
  }
}

/** A session between the two, admitted on both sides. */
async function session(near: Door, far: Door): Promise<{ ours: number; theirs: number }> {
  const bytes = concat([encodeAddress(far.address), encodeText(ALPN)]);
  assert.equal(near.command(Operation.dial, 10_000, 1, 0, bytes), 0);
  const ours = (await near.expect(EventKind.sessionUp)).handle;
  const theirs = (await far.expect(EventKind.sessionUp)).handle;
  near.command(Operation.admit, ours);
  far.command(Operation.takeSession, theirs);
  far.command(Operation.admit, theirs);
  return { ours, theirs };
}

async function withLibrary(act: (library: Library) => Promise<void> | void): Promise<void> {
  const library = acquireLibrary();
  try {
    await act(library);
  } finally {
    releaseLibrary();
  }
}

Deno.test("nothing where something is asked for is an answer, not a crash", () =>
  withLibrary(async (library) => {
    const answer = new Uint8Array(64);
    const bytes = request();
    assert.equal(library.pollen_quic_new(null, 0, answer, answer.length), 0);
    assert.equal(library.pollen_quic_new(bytes, 0, answer, answer.length), 0);
    assert.equal(library.pollen_quic_new(null, 0, null, 0), 0);
    // Whoever takes no answer gets an engine all the same.
    const blind = library.pollen_quic_new(bytes, bytes.length, null, 0);
    assert.notEqual(blind, 0);
    library.pollen_quic_free(blind);
    for (let capacity = 0; capacity <= 16; capacity++) {
      const short = new Uint8Array(capacity);
      const handle = library.pollen_quic_new(bytes, bytes.length, short, capacity);
      if (capacity >= 4) assert.ok(new DataView(short.buffer).getUint32(0, true) <= capacity - 4);
      library.pollen_quic_free(handle);
    }
    const door = new Door(library);
    for (let operation = 0; operation < 64; operation++) {
      // The first of these would leave it nothing to speak, the second ends it.
      if (operation === Operation.setProtocols || operation === Operation.shutdown) continue;
      for (const s of [0, -1, 0.5, NaN, Infinity, 2 ** 62]) {
        const result = library.pollen_quic_command(door.handle, operation, 0, 0, s, null, 0);
        assert.ok([0, Refusal.malformed, CLOSED_OUTCOME].includes(result), `${operation}`);
      }
    }
    assert.equal(library.pollen_quic_take(door.handle, null, 0), 0);
    assert.equal(library.pollen_quic_stats(door.handle, 0, null, 0), 0);
    assert.equal(library.pollen_quic_stats(door.handle, 0, new Uint8Array(8), 1), 1);
    await session(door, door);
    door.free();
  }));

Deno.test("an engine that was freed, or never was, is refused to everybody", () =>
  withLibrary(async (library) => {
    const gone = new Door(library);
    gone.free();
    const here = new Door(library);
    for (const handle of [gone.handle, ...NOBODY.filter((handle) => handle !== here.handle)]) {
      for (const operation of [Operation.admit, Operation.sendDatagram, 63, 0xffff_ffff]) {
        const result = library.pollen_quic_command(handle, operation, 1, 1, 1, null, 0);
        assert.equal(result, Refusal.noEngine);
      }
      assert.equal(await library.pollen_quic_wait(handle, 0xffff_ffff), 0);
      assert.equal(library.pollen_quic_take(handle, new Uint8Array(64), 64), 0);
      assert.equal(library.pollen_quic_stats(handle, 0, new Uint8Array(64), 8), 0);
      library.pollen_quic_free(handle);
    }
    await session(here, here);
    here.free();
  }));

Deno.test("a stale session or stream is nobody else's", () =>
  withLibrary(async (library) => {
    const [near, far] = [new Door(library), new Door(library)];
    const first = await session(near, far);
    assert.equal(near.command(Operation.openStream, first.ours, 7), 0);
    const stale = (await near.expect(EventKind.streamOpened)).x;
    near.command(Operation.closeSession, first.ours);
    await near.expect(EventKind.sessionEnded);
    await far.expect(EventKind.sessionEnded);

    const second = await session(near, far);
    near.command(Operation.openStream, second.ours, 8);
    const fresh = (await near.expect(EventKind.streamOpened)).x;
    assert.notEqual(fresh, stale);
    const intruder = encodeText("not for you");
    // Handles of sessions name no streams and the other way round; neither do handles of far's.
    for (const handle of [stale, first.ours, second.ours, second.theirs, ...NOBODY]) {
      if (handle === fresh) continue;
      near.command(Operation.write, handle, 0, 0, intruder);
      near.command(Operation.finish, handle);
      near.command(Operation.abortStream, handle);
      near.command(Operation.grantRead, handle, 0xffff_ffff);
    }
    for (const handle of [first.ours, stale, ...NOBODY]) {
      if (handle === second.ours) continue;
      const sent = near.command(Operation.sendDatagram, handle, 0, 0, intruder);
      assert.equal(sent, CLOSED_OUTCOME);
      near.command(Operation.closeSession, handle);
      assert.equal(library.pollen_quic_stats(near.handle, handle || 1, new Uint8Array(64), 8), 0);
    }
    near.command(Operation.write, fresh, 0, 0, encodeText("ok"));
    near.command(Operation.finish, fresh);
    const incoming = await far.expect(EventKind.streamIncoming);
    assert.equal(incoming.handle, second.theirs);
    assert.equal(new PayloadReader(incoming.payload).text(), "ok");
    far.command(Operation.grantRead, incoming.x, 0xffff_ffff);
    await far.expect(EventKind.streamFinished);
    assert.deepEqual(far.kinds(), []);
    near.free();
    far.free();
  }));
