import assert from "node:assert/strict";
import { inTime, openPair, openStranger, openTestEngine, pattern, present } from "./support.ts";

Deno.test("datagrams go both ways, whole", async () => {
  await using pair = await openPair();
  const { datagramBytesMax } = pair.near.stats();
  for (const length of [0, 1, 1_000, datagramBytesMax]) {
    assert.equal(pair.near.sendDatagram(pattern(length)), "sent");
    assert.deepEqual(await inTime(pair.far.receiveDatagram(), "a datagram"), pattern(length));
  }
  assert.equal(pair.far.sendDatagram(Uint8Array.of(3)), "sent");
  assert.deepEqual(await inTime(pair.near.receiveDatagram(), "a datagram"), Uint8Array.of(3));
});

Deno.test("a datagram that fits no packet is too large", async () => {
  await using pair = await openPair();
  assert.equal(pair.near.sendDatagram(new Uint8Array(65_000)), "too_large");
});

Deno.test("a flood of datagrams is blocked, not queued without end", async () => {
  await using pair = await openPair();
  const datagram = new Uint8Array(1_000);
  let outcome = "sent";
  for (let count = 0; count < 100_000 && outcome === "sent"; count++) {
    outcome = pair.near.sendDatagram(datagram);
  }
  assert.equal(outcome, "blocked");
});

Deno.test("256 datagrams wait, the oldest goes first, and how many went is counted", async () => {
  const exceeded: string[] = [];
  const limits = { count: (limit: string) => void exceeded.push(limit) };
  await using pair = await openPair(undefined, { limits });
  for (let index = 0; index < 300; index++) {
    const outcome = pair.near.sendDatagram(Uint8Array.of(index & 0xff, index >> 8));
    assert.equal(outcome, "sent");
  }
  // The stream is opened after the datagrams and arrives after them.
  const stream = await pair.near.openStream();
  await stream.write(Uint8Array.of(0, 0));
  present(await inTime(pair.far.acceptStream(), "a stream"));
  const first = present(await inTime(pair.far.receiveDatagram(), "a datagram"));
  const lost = (first[0] ?? 0) + 256 * (first[1] ?? 0);
  assert.ok(lost >= 300 - 256);
  assert.deepEqual(new Set(exceeded), new Set(["datagrams_waiting"]));
  assert.ok(exceeded.length <= lost);
});

Deno.test("packets that are not QUIC go up and out raw", async () => {
  await using engine = await openTestEngine();
  await using stranger = await openStranger();
  const to = engine.localAddress;
  const probe = Uint8Array.of(0x01, 2, 3);
  await stranger.send(new Uint8Array(2_049), to);
  await stranger.send(pattern(2_048).fill(0x02, 0, 1), to);
  await stranger.send(probe, to);
  const longest = present(await inTime(engine.receiveRaw(), "a raw packet"));
  assert.equal(longest.bytes.length, 2_048);
  assert.deepEqual(longest.from, stranger.address);
  assert.deepEqual(present(await inTime(engine.receiveRaw(), "a raw packet")).bytes, probe);
  engine.sendRaw(stranger.address, Uint8Array.of(0x02, 9));
  assert.deepEqual(await stranger.receive(), Uint8Array.of(0x02, 9));
  for (const bytes of [new Uint8Array(0), Uint8Array.of(0x40), new Uint8Array(2_049)]) {
    assert.throws(() => engine.sendRaw(stranger.address, bytes), {
      code: "invalid_argument",
    });
  }
});

Deno.test("raw packets that cannot be sent disturb nobody", async () => {
  await using pair = await openPair();
  for (let count = 0; count < 5_000; count++) {
    pair.client.sendRaw({ ip: "127.0.0.1", port: 9 }, Uint8Array.of(1));
    pair.client.sendRaw({ ip: "255.255.255.255", port: 9 }, Uint8Array.of(1));
    pair.client.sendRaw({ ip: "::1", port: 9 }, Uint8Array.of(1));
  }
  assert.equal(pair.near.sendDatagram(Uint8Array.of(1)), "sent");
  assert.deepEqual(await inTime(pair.far.receiveDatagram(), "a datagram"), Uint8Array.of(1));
});
