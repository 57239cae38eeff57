import assert from "node:assert/strict";
import { PollenError } from "../../lib/types/mod.ts";
import { fromFileUrl } from "../../scripts/paths.ts";
import {
  ALPN,
  connect,
  inTime,
  newIdentity,
  openPair,
  openStranger,
  openStreamPair,
  openTestEngine,
  protocol,
} from "./support.ts";

Deno.test("closing ends whatever waits", async () => {
  const pair = await openPair();
  const { client, near, far } = pair;
  await using silent = await openStranger();
  const { address } = silent;
  const listener = await client.forwarder.listen({ ip: "127.0.0.1", port: 0 });
  const stream = await near.openStream();
  const waiting = Promise.all([
    client.accept(),
    client.receiveRaw(),
    near.receiveDatagram(),
    near.acceptStream(),
    listener.accept(),
  ]);
  const dial = client.dial(address, { alpn: ALPN, timeoutMs: 60_000 });
  const refused = Promise.all([
    assert.rejects(dial, { code: "closed" }),
    assert.rejects(stream.read(), { code: "closed" }),
  ]);
  await Promise.all([client.close("shutting down"), client.close("again")]);
  assert.deepEqual(await inTime(waiting, "the end"), [null, null, null, null, null]);
  await inTime(refused, "the end");
  const end = { errorCode: 0, reason: "shutting down" };
  assert.deepEqual(await near.closed, { kind: "local", ...end });
  assert.deepEqual(await inTime(far.closed, "the end at the peer"), { kind: "remote", ...end });
  await pair.server.close("");
});

Deno.test("a closed engine answers as one", async () => {
  const engine = await openTestEngine();
  const { localAddress } = engine;
  await engine.close("");
  const options = { alpn: ALPN, timeoutMs: 1_000 };
  await assert.rejects(engine.dial(localAddress, options), { code: "closed" });
  await assert.rejects(engine.forwarder.listen(localAddress), { code: "closed" });
  assert.equal(await engine.accept(), null);
  assert.equal(await engine.receiveRaw(), null);
  engine.sendRaw(localAddress, Uint8Array.of(1));
  engine.setProtocols([]);
  assert.equal(engine.stats().sessions, 0);
  // Its port is free again.
  const next = await openTestEngine([protocol()], { address: localAddress });
  assert.deepEqual(next.localAddress, localAddress);
  await next.close("");
});

Deno.test("an engine that cannot be opened says why", async () => {
  await using engine = await openTestEngine();
  await assert.rejects(openTestEngine([protocol()], { address: engine.localAddress }), {
    code: "already_exists",
  });
  await assert.rejects(openTestEngine([protocol()], { address: { ip: "nowhere", port: 0 } }), {
    code: "invalid_argument",
  });
  await assert.rejects(openTestEngine([protocol()], { address: { ip: "203.0.113.1", port: 0 } }), {
    code: "io",
  });
  const [one, other] = [newIdentity(), newIdentity()];
  const unlike = { certificate: one.certificate, privateKey: other.privateKey };
  const none = { certificate: Uint8Array.of(1), privateKey: Uint8Array.of(2) };
  for (const identity of [unlike, none]) {
    await assert.rejects(openTestEngine([protocol({ identity })]), { code: "invalid_argument" });
    assert.throws(() => engine.setProtocols([protocol({ identity })]), {
      code: "invalid_argument",
    });
  }
  await assert.rejects(openTestEngine([protocol({ alpn: "" })]), { code: "invalid_argument" });
  await assert.rejects(openTestEngine([protocol({ headBytes: 65 })]), {
    code: "invalid_argument",
  });
});

Deno.test("counters count", async () => {
  await using client = await openTestEngine();
  await using server = await openTestEngine();
  await connect(client, server);
  const stats = client.stats();
  assert.equal(stats.sessions, 1);
  assert.ok(stats.udpPacketsSent > 0 && stats.udpPacketsReceived > 0);
  assert.ok(stats.udpBytesSent >= 1_200 && stats.udpBytesReceived >= 1_200);
  assert.ok(stats.udpSendCalls > 0 && stats.udpReceiveCalls > 0);
  assert.ok(stats.receiveBufferBytes > 0 && stats.sendBufferBytes > 0);
});

const ENTRY = fromFileUrl(new URL("../../lib/quic/mod.ts", import.meta.url));

/** Runs a script in a process of its own; it must end by itself. */
async function run(script: string, env: Record<string, string> = {}) {
  const args = [
    "eval",
    `import { openEngine } from ${JSON.stringify(`file://${ENTRY}`)};${script}`,
  ];
  const child = new Deno.Command(Deno.execPath(), { args, env, stdout: "piped", stderr: "piped" });
  const { code, stdout, stderr } = await inTime(child.output(), "the end of the process");
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout).trim(), stderr: text.decode(stderr) };
}

const OPEN =
  `const engine = await openEngine({address: {ip: "127.0.0.1", port: 0}, protocols: []});`;

Deno.test("the process ends when the engine is closed", async () => {
  const { code, stdout, stderr } = await run(
    `${OPEN} engine.accept(); await engine.close("over"); console.log("closed");`,
  );
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "closed" }, stderr);
});

Deno.test("an open engine does not hold up Deno.exit", async () => {
  const { code } = await run(`${OPEN} engine.accept(); Deno.exit(3);`);
  assert.equal(code, 3);
});

Deno.test("errors are Pollen's own", async () => {
  await using engine = await openTestEngine();
  const dial = engine.dial({ ip: "nowhere", port: 1 }, { alpn: ALPN, timeoutMs: 1 });
  await assert.rejects(dial, (error) => error instanceof PollenError);
});

Deno.test("packets grow to what the engine was told, and no further", async () => {
  await using pair = await openPair(undefined, { packetBytesMax: 1_350 });
  const { ours, theirs } = await openStreamPair(pair);
  const echoing = (async () => {
    for (let chunk; (chunk = await theirs.read()) !== null;) await theirs.write(chunk);
  })();
  // Discovery probes one size after the other while the session is used.
  while (pair.near.stats().datagramBytesMax < 1_250) {
    await ours.write(new Uint8Array(16_384));
    await inTime(ours.read(), "an echo");
  }
  assert.ok(pair.near.stats().datagramBytesMax < 1_350);
  ours.abort();
  await assert.rejects(inTime(echoing, "the end of the echo"));
});

Deno.test("a size of packets that QUIC does not know is refused", async () => {
  for (const packetBytesMax of [0, 1_199, 16_301, 1_300.5, NaN]) {
    await assert.rejects(openTestEngine([protocol()], { packetBytesMax }), {
      code: "invalid_argument",
    });
  }
});
