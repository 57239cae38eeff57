// Rules: the engine bridges without asking where one matches, and asks everywhere else.

import assert from "node:assert/strict";
import type { Bridge, RuleOwner, Session } from "../../lib/types/mod.ts";
import { StreamCode } from "../../lib/types/mod.ts";
import { connect, inTime, openPair, type Pair, present } from "./support.ts";
import {
  Arrivals,
  connectAndRead,
  HEAD,
  nextEnd,
  openOrigin,
  type Origin,
  readToEnd,
  writeAll,
} from "./tunnel.ts";

/** An owner that puts down what it hears. */
class Owner implements RuleOwner {
  readonly bridges = new Arrivals<Bridge>();
  readonly sessions: Session[] = [];
  readonly refusals = new Arrivals<number>();

  constructor(readonly bridgesMax = 100) {}

  began(bridge: Bridge, session: Session): void {
    this.sessions.push(session);
    this.bridges.put(bridge);
  }

  refused(count: number): void {
    this.refusals.put(count);
  }
}

const LOCAL = { ip: "127.0.0.1", port: 0 };

/** Asks through a tunnel and is answered, each side ending its direction. */
async function converse(client: Deno.TcpConn, origin: Origin): Promise<void> {
  using server = await origin.accept();
  await writeAll(client, Uint8Array.of(1, 2, 3));
  await client.closeWrite();
  assert.deepEqual(await readToEnd(server), Uint8Array.of(1, 2, 3));
  await writeAll(server, Uint8Array.of(4));
  await server.closeWrite();
  assert.deepEqual(await readToEnd(client), Uint8Array.of(4));
}

function dial(port: number): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port });
}

/** A pair, a listener at its near end, and an origin for its far end. */
async function openRuled() {
  const pair = await openPair();
  const listener = await pair.client.forwarder.listen(LOCAL);
  const origin = openOrigin();
  return {
    pair,
    listener,
    origin,
    port: listener.address.port,
    async [Symbol.asyncDispose]() {
      origin[Symbol.dispose]();
      listener.close();
      await pair[Symbol.asyncDispose]();
    },
  };
}

/** Serves the head at the far end of the pair. */
function serve(pair: Pair, origin: Origin, owner: Owner) {
  const rule = pair.server.forwarder.serve(HEAD, [origin.target], owner);
  rule.allow(pair.far);
  return rule;
}

Deno.test("a route and a service join both ends without a question, and both are told", async () => {
  await using ruled = await openRuled();
  const { pair, listener, origin, port } = ruled;
  const [near, far] = [new Owner(), new Owner()];
  pair.client.forwarder.route(listener, pair.near, HEAD, near);
  serve(pair, origin, far);
  for (let round = 0; round < 3; round++) {
    using client = await dial(port);
    await converse(client, origin);
    const end = { kind: "finished", errorCode: 0, reason: "" };
    assert.deepEqual(await nextEnd(near.bridges), { ...end, bytesToStream: 3, bytesToTcp: 1 });
    assert.deepEqual(await nextEnd(far.bridges), { ...end, bytesToStream: 1, bytesToTcp: 3 });
  }
  assert.ok(near.sessions.every((session) => session === pair.near));
  assert.ok(far.sessions.every((session) => session === pair.far));
});

Deno.test("a rule that is taken back asks again; its bridges go on", async () => {
  await using ruled = await openRuled();
  const { pair, listener, origin, port } = ruled;
  const route = pair.client.forwarder.route(listener, pair.near, HEAD, new Owner());
  const service = serve(pair, origin, new Owner());
  using running = await dial(port);
  // The origin must have it before the rules go.
  using server = await origin.accept();
  route.withdraw();
  route.withdraw();
  service.withdraw();
  service.allow(pair.far);
  using asked = await dial(port);
  const connection = present(await inTime(listener.accept(), "a connection"));
  pair.client.forwarder.bridgeToSession(connection, pair.near, HEAD);
  const stream = present(await inTime(pair.far.acceptStream(), "a stream"));
  assert.deepEqual(stream.head, HEAD);
  pair.server.forwarder.bridgeToTcp(stream, [origin.target]);
  await converse(asked, origin);
  await writeAll(running, Uint8Array.of(9));
  await running.closeWrite();
  assert.deepEqual(await readToEnd(server), Uint8Array.of(9));
});

Deno.test("a route whose session has ended asks, and the next route takes its place", async () => {
  await using ruled = await openRuled();
  const { pair, listener, origin, port } = ruled;
  pair.client.forwarder.route(listener, pair.near, HEAD, new Owner());
  pair.near.close("gone");
  using asked = await dial(port);
  const connection = present(await inTime(listener.accept(), "a connection"));
  connection.reset();
  assert.equal(await readToEnd(asked), "reset");

  const next = await connect(pair.client, pair.server);
  next.near.admit();
  next.far.admit();
  pair.client.forwarder.route(listener, next.near, HEAD, new Owner());
  const service = pair.server.forwarder.serve(HEAD, [origin.target], new Owner());
  service.allow(next.far);
  using client = await dial(port);
  await converse(client, origin);
});

Deno.test("other heads, other sessions and streams that were faster are asked about", async () => {
  await using ruled = await openRuled();
  const { pair, origin } = ruled;
  const early = await pair.near.openStream();
  await early.write(HEAD);
  const first = present(await inTime(pair.far.acceptStream(), "the early stream"));
  const owner = new Owner();
  const service = serve(pair, origin, owner);
  const other = await pair.near.openStream();
  await other.write(Uint8Array.of(0x1f, 0x91));
  assert.deepEqual(
    present(await inTime(pair.far.acceptStream(), "the other head")).head,
    Uint8Array.of(0x1f, 0x91),
  );
  const stranger = await connect(pair.client, pair.server);
  stranger.near.admit();
  stranger.far.admit();
  const theirs = await stranger.near.openStream();
  await theirs.write(HEAD);
  const asked = present(await inTime(stranger.far.acceptStream(), "the other session's stream"));
  assert.deepEqual(asked.head, HEAD);
  // A session that is let in later is served from then on.
  service.allow(stranger.far);
  const served = await stranger.near.openStream();
  await served.write(HEAD);
  using _server = await origin.accept();
  await owner.bridges.next("a bridge");
  assert.ok(owner.sessions.length === 1 && owner.sessions[0] === stranger.far);
  for (const stream of [first, asked]) stream.abort(StreamCode.notServed);
  const refusal = { code: "reset", details: { code: StreamCode.notServed } };
  await assert.rejects(early.read(), refusal);
  await assert.rejects(theirs.read(), refusal);
});

Deno.test("a rule has no more bridges than it may, and says how many it refused", async () => {
  await using ruled = await openRuled();
  const { pair, listener, origin, port } = ruled;
  const [near, far] = [new Owner(3), new Owner(2)];
  pair.client.forwarder.route(listener, pair.near, HEAD, near);
  serve(pair, origin, far);
  using one = await dial(port);
  using _atOrigin = await origin.accept();
  using _two = await dial(port);
  using _too = await origin.accept();
  const [first] = [await near.bridges.next("a bridge"), await near.bridges.next("another")];
  // The far end refuses the third, the near end the fourth.
  assert.equal(await connectAndRead(port), "reset");
  const { kind, errorCode } = await nextEnd(near.bridges);
  assert.deepEqual([kind, errorCode], ["stream_reset", StreamCode.tooMany]);
  assert.equal(await far.refusals.next("a refusal"), 1);
  pair.client.forwarder.route(listener, pair.near, HEAD, new Owner(0));
  assert.equal(await connectAndRead(port), "reset");

  // What ends makes room.
  pair.client.forwarder.route(listener, pair.near, HEAD, near);
  one.close();
  first.abort();
  await inTime(first.ended, "the end of a bridge");
  await nextEnd(far.bridges);
  using next = await dial(port);
  await converse(next, origin);
});

Deno.test("what belongs to one engine makes no rule in another", async () => {
  await using ruled = await openRuled();
  const { pair, listener, origin } = ruled;
  const foreign = { code: "invalid_argument" };
  const { client, server } = pair;
  assert.throws(() => client.forwarder.route(listener, pair.far, HEAD, new Owner()), foreign);
  assert.throws(() => server.forwarder.route(listener, pair.far, HEAD, new Owner()), foreign);
  const service = client.forwarder.serve(HEAD, [origin.target], new Owner());
  assert.throws(() => service.allow(pair.far), foreign);
  const long = new Uint8Array(65);
  assert.throws(() => client.forwarder.serve(long, [], new Owner()), { code: "too_large" });
  assert.throws(() => client.forwarder.serve(HEAD, [], new Owner(0.5)), foreign);
});
