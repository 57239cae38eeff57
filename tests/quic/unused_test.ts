// When nothing of an end is on a session any more: what counts, and that it is told in time.

import assert from "node:assert/strict";
import type { Bridge, RuleOwner, Session } from "../../lib/types/mod.ts";
import { inTime, openPair, openStreamPair, until } from "./support.ts";
import { Arrivals, HEAD, openOrigin, readToEnd, writeAll } from "./tunnel.ts";

/** Whether the session has become unused since. */
function watching(session: Session, streams?: number) {
  const watched = { isUnused: false };
  void session.untilUnused(streams).then(() => watched.isUnused = true);
  return watched;
}

/** Lets what was resolved be heard of. */
const heard = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("a stream counts until both of its directions are over, at each end for itself", async () => {
  await using pair = await openPair();
  await inTime(pair.near.untilUnused(), "what is so already");
  const { ours, theirs } = await openStreamPair(pair);
  await inTime(pair.near.untilUnused(1), "what is so already");
  const [near, far] = [watching(pair.near), watching(pair.far)];
  ours.finish();
  assert.equal(await inTime(theirs.read(), "the end"), null);
  await heard();
  assert.deepEqual([near.isUnused, far.isUnused], [false, false]);
  theirs.finish();
  assert.equal(await inTime(ours.read(), "the other end"), null);
  await until(() => near.isUnused && far.isUnused, "both to be unused");
});

Deno.test("a request for a stream counts until it is answered or cancelled", async () => {
  await using pair = await openPair();
  const cancel = new AbortController();
  const opening = pair.near.openStream({ signal: cancel.signal });
  const watched = watching(pair.near);
  await heard();
  cancel.abort();
  await opening.then((stream) => stream.abort(), () => {});
  await until(() => watched.isUnused, "the session to be unused");
});

Deno.test("a route counts until it is withdrawn, and a bridge until it has ended", async () => {
  await using pair = await openPair();
  using origin = openOrigin();
  const [near, far] = [new Arrivals<Bridge>(), new Arrivals<Bridge>()];
  const owner = (bridges: Arrivals<Bridge>): RuleOwner => ({
    bridgesMax: 10,
    began: (bridge) => bridges.put(bridge),
    refused: () => {},
  });
  const listener = await pair.client.forwarder.listen({ ip: "127.0.0.1", port: 0 });
  const route = pair.client.forwarder.route(listener, pair.near, HEAD, owner(near));
  const service = pair.server.forwarder.serve(HEAD, [origin.target], owner(far));
  service.allow(pair.far);
  const watched = [watching(pair.near), watching(pair.far)] as const;
  using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.address.port });
  using server = await origin.accept();
  const bridge = await near.next("a bridge");
  await far.next("the bridge at the far end");
  await until(() => watched[1].isUnused, "the far end to be unused before the bridge began");
  assert.equal(watched[0].isUnused, false);
  const served = watching(pair.far);
  route.withdraw();
  await writeAll(client, Uint8Array.of(1, 2));
  await client.closeWrite();
  assert.deepEqual(await readToEnd(server), Uint8Array.of(1, 2));
  assert.deepEqual([watched[0].isUnused, served.isUnused], [false, false]);
  await server.closeWrite();
  assert.deepEqual(await readToEnd(client), new Uint8Array(0));
  assert.equal((await inTime(bridge.ended, "the end")).kind, "finished");
  await until(() => watched[0].isUnused && served.isUnused, "both to be unused");
  listener.close();
});

Deno.test("a session that has ended is unused", async () => {
  await using pair = await openPair();
  await openStreamPair(pair);
  const watched = watching(pair.near);
  pair.near.close("over");
  await inTime(pair.near.closed, "the end");
  await heard();
  assert.equal(watched.isUnused, true);
  await inTime(pair.near.untilUnused(), "what is so already");
});
