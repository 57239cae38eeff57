import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { type Engine, PollenError, type Session } from "../../lib/types/mod.ts";
import {
  ALPN,
  connect,
  inTime,
  newIdentity,
  openPair,
  openStranger,
  openTestEngine,
  present,
  protocol,
} from "./support.ts";
import { Relay } from "../support/relay.ts";

const OTHER = "other/1";

Deno.test("each end sees the certificate that the other showed, and its address", async () => {
  const [ours, theirs] = [newIdentity("ours"), newIdentity("theirs")];
  await using client = await openTestEngine([protocol({ identity: ours })]);
  await using server = await openTestEngine([protocol({ identity: theirs })]);
  const { near, far } = await connect(client, server);
  assert.deepEqual(near.peerCertificate, theirs.certificate);
  assert.deepEqual(far.peerCertificate, ours.certificate);
  assert.equal(new X509Certificate(far.peerCertificate).subject, "CN=ours");
  assert.deepEqual(near.remoteAddress, server.localAddress);
  assert.deepEqual(far.remoteAddress, client.localAddress);
  assert.deepEqual([near.inbound, far.inbound], [false, true]);
  assert.deepEqual([near.alpn, far.alpn], [ALPN, ALPN]);
});

Deno.test("a dual-stack engine is reached over IPv4 and over IPv6", async () => {
  await using client = await openTestEngine([protocol()], { address: { ip: "::", port: 0 } });
  await using server = await openTestEngine([protocol()], { address: { ip: "::", port: 0 } });
  const { port } = server.localAddress;
  for (const ip of ["127.0.0.1", "::1"]) {
    const near = await client.dial({ ip, port }, { alpn: ALPN, timeoutMs: 10_000 });
    const far = present(await inTime(server.accept(), "a session"));
    assert.deepEqual(near.remoteAddress, { ip, port });
    assert.equal(far.remoteAddress.ip, ip);
  }
});

Deno.test("the certificate is chosen by the protocol of the dial", async () => {
  const identities = { [ALPN]: newIdentity("one"), [OTHER]: newIdentity("two") };
  const protocols = () =>
    Object.entries(identities).map(([alpn, identity]) => protocol({ alpn, identity }));
  await using client = await openTestEngine(protocols());
  await using server = await openTestEngine(protocols());
  for (const [alpn, identity] of Object.entries(identities)) {
    const { near, far } = await connect(client, server, alpn);
    assert.deepEqual([near.alpn, far.alpn], [alpn, alpn]);
    assert.deepEqual(near.peerCertificate, identity.certificate);
    assert.deepEqual(far.peerCertificate, identity.certificate);
  }
});

Deno.test("who does not speak a protocol is spoken to in the one that it falls back on", async () => {
  const newer = protocol({ alpn: OTHER, fallback: ALPN, headBytes: 5 });
  const speakers = { both: [newer, protocol()], old: [protocol()] };
  await using old = await openTestEngine(speakers.old);
  await using one = await openTestEngine(speakers.both);
  await using two = await openTestEngine(speakers.both);
  assert.deepEqual((await alpns(one, two, OTHER)).join(), `${OTHER},${OTHER}`);
  assert.deepEqual((await alpns(one, old, OTHER)).join(), `${ALPN},${ALPN}`);
  assert.deepEqual((await alpns(old, one, ALPN)).join(), `${ALPN},${ALPN}`);
  // The order of the one who is dialled counts.
  two.setProtocols([protocol(), newer]);
  assert.deepEqual((await alpns(one, two, OTHER)).join(), `${ALPN},${ALPN}`);
  assert.throws(() => one.setProtocols([protocol({ fallback: "not ascii \u00e9" })]), {
    code: "invalid_argument",
  });
});

Deno.test("a protocol that is not served is refused, until it is", async () => {
  await using client = await openTestEngine([protocol({ alpn: OTHER })]);
  await using server = await openTestEngine([protocol()]);
  const dial = (timeoutMs = 10_000) => client.dial(server.localAddress, { alpn: OTHER, timeoutMs });
  await assert.rejects(dial(), { code: "refused" });
  // One who serves nothing gives strangers no answer at all.
  server.setProtocols([protocol({ alpn: OTHER, serve: false })]);
  await assert.rejects(dial(100), { code: "timeout" });
  server.setProtocols([protocol(), protocol({ alpn: OTHER })]);
  assert.equal((await dial()).alpn, OTHER);
});

Deno.test("running sessions keep what they have when the protocols change", async () => {
  await using pair = await openPair();
  pair.server.setProtocols([]);
  assert.equal(pair.near.sendDatagram(Uint8Array.of(1)), "sent");
  assert.deepEqual(await pair.far.receiveDatagram(), Uint8Array.of(1));
});

Deno.test("nothing of a session is served before it is admitted", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine();
  const { near, far } = await connect(client, server);
  near.admit();
  const stream = await near.openStream();
  await stream.write(Uint8Array.of(1, 2, 3));
  stream.finish();
  assert.equal(near.sendDatagram(Uint8Array.of(9)), "sent");
  // A second session, admitted, whose datagram comes later and yet is the first to be handed out.
  const second = await connect(client, server);
  second.near.admit();
  second.far.admit();
  const received: string[] = [];
  const late = far.receiveDatagram().then(() => received.push("unadmitted"));
  second.near.sendDatagram(Uint8Array.of(8));
  await second.far.receiveDatagram();
  received.push("admitted");
  assert.deepEqual(received, ["admitted"]);
  await assert.rejects(far.openStream(), { code: "failed_precondition" });
  far.admit();
  await inTime(late, "the datagram that waited");
  assert.deepEqual(received, ["admitted", "unadmitted"]);
  const accepted = present(await inTime(far.acceptStream(), "the stream that waited"));
  assert.deepEqual(accepted.head, Uint8Array.of(1, 2));
  assert.deepEqual(await accepted.read(), Uint8Array.of(3));
});

Deno.test("a narrow session has the bounds of a stranger's until it is admitted wholly", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine();
  const { near, far } = await connect(client, server);
  near.admit();
  far.admit({ narrow: true });
  const head = Uint8Array.of(1, 2);
  const opened = await Promise.all(Array.from({ length: 8 }, () => near.openStream()));
  const ninth = near.openStream();
  let isNinthOpen = false;
  void ninth.then(() => isNinthOpen = true);
  await opened[0]!.write(head);
  assert.deepEqual(present(await inTime(far.acceptStream(), "a stream")).head, head);
  // What would let the ninth open goes the same way, and is there before the answer.
  assert.equal(far.sendDatagram(Uint8Array.of(3)), "sent");
  await inTime(near.receiveDatagram(), "a datagram");
  assert.ok(!isNinthOpen, "a ninth stream");
  far.admit({ narrow: true });
  far.admit();
  await inTime(ninth, "the ninth stream");
});

Deno.test("a peer that was restarted says at the next packet that the session is over", async () => {
  const resetKey = crypto.getRandomValues(new Uint8Array(32));
  const old = await openTestEngine([protocol()], { resetKey });
  await using relay = await Relay.open(old.localAddress);
  await using client = await openTestEngine();
  const dialled = client.dial(relay.address, { alpn: ALPN, timeoutMs: 10_000 });
  const [near, far] = await Promise.all([dialled, inTime(old.accept(), "a session")]);
  near.admit();
  present(far).admit();
  // It goes without a word that arrives.
  const carry = relay.carry;
  relay.carry = () => [];
  await old.close("unheard");
  await using _renewed = await openTestEngine([protocol()], {
    resetKey,
    address: old.localAddress,
  });
  relay.carry = carry;
  near.sendDatagram(Uint8Array.of(1));
  assert.equal((await inTime(near.closed, "the end")).kind, "stateless_reset");
});

Deno.test("a key of resets has 32 bytes", async () => {
  const opening = openTestEngine([protocol()], { resetKey: new Uint8Array(31) });
  await assert.rejects(opening, { code: "invalid_argument" });
});

Deno.test("a session that is closed instead of admitted tells the other side why", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine();
  const { near, far } = await connect(client, server);
  far.close("not a member", 7);
  far.close("a second reason", 8);
  const end = { errorCode: 7, reason: "not a member" };
  assert.deepEqual(await inTime(far.closed, "our end"), { kind: "local", ...end });
  assert.deepEqual(await inTime(near.closed, "their end"), { kind: "remote", ...end });
  near.admit();
  await assert.rejects(near.openStream(), { code: "closed" });
  assert.equal(near.sendDatagram(Uint8Array.of(1)), "closed");
  assert.equal(await near.acceptStream(), null);
  assert.equal(await near.receiveDatagram(), null);
});

Deno.test("the reason of an end is safe to print and bounded", async () => {
  await using pair = await openPair();
  pair.near.close(`\u001b[31mred\n${"x".repeat(1_000)}`);
  const { reason } = await inTime(pair.far.closed, "their end");
  assert.match(reason, /^\[31mredx+$/);
  assert.ok(reason.length <= 256);
});

Deno.test("a dial that nobody answers times out, and may be cancelled", async () => {
  await using client = await openTestEngine();
  await using silent = await openStranger();
  const { address } = silent;
  await assert.rejects(client.dial(address, { alpn: ALPN, timeoutMs: 50 }), { code: "timeout" });
  const controller = new AbortController();
  const dial = client.dial(address, { alpn: ALPN, timeoutMs: 60_000, signal: controller.signal });
  // The first packet has come: the dial is under way.
  await silent.receive();
  controller.abort();
  await assert.rejects(dial, { code: "cancelled" });
  const again = client.dial(address, { alpn: ALPN, timeoutMs: 1, signal: controller.signal });
  await assert.rejects(again, { code: "cancelled" });
});

Deno.test("a dial says what is wrong with its arguments", async () => {
  await using client = await openTestEngine();
  const options = { alpn: ALPN, timeoutMs: 1_000 };
  const address = { ip: "127.0.0.1", port: 1 };
  await assert.rejects(client.dial({ ip: "nowhere", port: 1 }, options), {
    code: "invalid_argument",
  });
  await assert.rejects(client.dial(address, { ...options, alpn: "unknown" }), {
    code: "invalid_argument",
  });
  await assert.rejects(client.dial(address, { ...options, timeoutMs: 0 }), {
    code: "invalid_argument",
  });
  await assert.rejects(client.dial({ ip: "127.0.0.1", port: 0 }, options), {
    code: "unreachable",
  });
  await assert.rejects(client.dial({ ip: "::1", port: 1 }, options), { code: "unreachable" });
});

Deno.test("256 sessions wait, further attempts are refused until one is taken", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine();
  const dial = () => client.dial(server.localAddress, { alpn: ALPN, timeoutMs: 20_000 });
  for (let count = 0; count < 256; count += 16) {
    await Promise.all(Array.from({ length: 16 }, dial));
  }
  // Refused at its first packet; or at its last, where that came together with the 256th's.
  const beyond = await dial().catch((error: unknown) => error);
  if (beyond instanceof PollenError) assert.equal(beyond.code, "refused");
  else assert.match((await inTime((beyond as Session).closed, "its end")).reason, /too many/);
  assert.notEqual(await server.accept(), null);
  // The attempt after the next may come before the engine knows that one was taken.
  const session = await dial().catch(dial);
  assert.equal(session.alpn, ALPN);
});

Deno.test("sessions have ids of their own and numbers", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine();
  const first = await connect(client, server);
  const second = await connect(client, server);
  assert.notEqual(first.near.id, second.near.id);
  assert.notEqual(first.far.id, second.far.id);
  const stats = first.near.stats();
  assert.ok(stats.rttMs > 0 && stats.rttMs < 1_000);
  assert.ok(stats.datagramBytesMax >= 1_000);
  assert.ok(stats.bytesSent >= 1_200 && stats.bytesReceived >= 1_200);
  // No packet of QUIC is shorter than 20 bytes, and the two of a handshake make two at least.
  assert.ok(stats.packetsSent >= 2 && stats.packetsSent <= stats.bytesSent / 20);
  assert.ok(stats.packetsLost <= stats.packetsSent);
  first.near.close("");
  await first.near.closed;
  assert.ok(first.near.stats().bytesSent >= stats.bytesSent);
});

/** What each end says is spoken. */
async function alpns(client: Engine, server: Engine, alpn: string): Promise<string[]> {
  const { near, far } = await connect(client, server, alpn);
  return [near.alpn, far.alpn];
}
