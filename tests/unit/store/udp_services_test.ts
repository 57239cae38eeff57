// Services of UDP in the replicated state: signed over pollen/2, unknown to pollen/1, and kept over
// a restart.

import { deepEqual, equal } from "node:assert/strict";
import type { EventRecords, GossipEvent } from "../../../lib/proto/mod.ts";
import { Core } from "../../../lib/store/core.ts";
import { asPollen1 } from "../../../lib/store/core_attribute.ts";
import { restore, takeSnapshot } from "../../../lib/store/core_restore.ts";
import { serviceChange } from "../../../lib/store/core_announce.ts";
import { decodeMemberEvent, encodeMemberEvent } from "../../../lib/store/core_signed.ts";
import { missingRecords, summaryOf } from "../../../lib/store/core_sync.ts";
import { formatSnapshot, readSnapshot } from "../../../lib/store/snapshot.ts";
import { authorityOf } from "../../../lib/app/authority.ts";
import { systemClock } from "../../../lib/host/mod.ts";
import { MemberEvent } from "../../../lib/proto/mod.ts";
import { servicePort } from "../../../lib/types/mod.ts";
import { eventEnvelopes } from "../../../lib/node/batches.ts";
import { DAY_MS, makeNode, makeRoot, NOW } from "../auth/fixtures.ts";

const clock = { ...systemClock, wallNow: () => NOW };
const root = await makeRoot(1);
const UDP_53 = servicePort(53, true);

async function member(seed: number) {
  const { identity } = await makeNode(seed);
  const { signer, credentials: { trust } } = root;
  const cert = signer.issueMembership({ subject: identity.peerKey, ttlMs: DAY_MS, now: NOW });
  return { key: identity.peerKey, authority: authorityOf(identity, { cert, trust }, clock) };
}
const [alice, bob] = [await member(11), await member(12)];

const services = (core: Core, of = core.local) => [...core.known.get(of)?.services ?? []];
const missing = (from: Core, to: Core): EventRecords =>
  missingRecords(from, summaryOf(to), { bytesMax: Infinity });

function aliceServes(): Core {
  const core = new Core(alice.key, alice.authority);
  core.own.publish(serviceChange("dns", UDP_53));
  return core;
}

Deno.test("over pollen/2 a service is known with its transport, and one name is one service", () => {
  const core = aliceServes();
  const other = new Core(bob.key, bob.authority);
  other.applyRecords(missing(core, other));
  deepEqual(services(other, alice.key), [["dns", UDP_53]]);
  core.own.publish(serviceChange("dns", 53));
  other.applyRecords(missing(core, other));
  deepEqual(services(other, alice.key), [["dns", 53]]);
  core.own.publish(serviceChange("dns", UDP_53));
  core.own.retract(serviceChange("dns", UDP_53));
  other.applyRecords(missing(core, other));
  deepEqual(services(other, alice.key), []);
});

Deno.test("over pollen/1 the name is not served, and its author does not contradict that", () => {
  const core = aliceServes();
  const [event] = core.own.publish(serviceChange("dns", servicePort(54, true)));
  const [envelope] = eventEnvelopes([event!]);
  const heard = envelope?.body?.kind === "events" ? envelope.body.value.events[0]! : null;
  deepEqual(heard, {
    ...event!,
    deleted: true,
    change: { kind: "service", value: { name: "dns", port: 0 } },
  });
  deepEqual(core.apply([heard!]).rebroadcast, []);
  deepEqual(services(core), [["dns", servicePort(54, true)]]);
  // What is really contested is put right.
  const forged: GossipEvent = {
    ...event!,
    change: { kind: "service", value: { name: "dns", port: 1 } },
  };
  equal(core.apply([forged]).rebroadcast.length, 1);
});

Deno.test("a service of TCP is the same over pollen/1", () => {
  const core = new Core(alice.key, alice.authority);
  const [event] = core.own.publish(serviceChange("web", 80));
  equal(asPollen1(event!), event);
});

Deno.test("nobody states a port of UDP but by udp_service", () => {
  const core = aliceServes();
  const other = new Core(bob.key, bob.authority);
  const [event] = core.own.publish(serviceChange("dns", servicePort(54, true)));
  deepEqual(other.apply([event!]).applied, []);
  const signed = MemberEvent.decode(encodeMemberEvent(event!));
  equal(signed.change?.kind, "udpService");
  for (
    const change of [
      { kind: "service", value: { name: "dns", port: UDP_53 } },
      { kind: "udpService", value: { name: "dns", port: UDP_53 } },
      { kind: "udpService", value: { name: "dns", port: 0 } },
    ] as const
  ) {
    equal(decodeMemberEvent(MemberEvent.encode({ ...signed, change })), null);
  }
});

Deno.test("services and forwards of UDP come back after a restart", () => {
  const core = aliceServes();
  core.own.publish(serviceChange("web", 53));
  const other = new Core(bob.key, bob.authority);
  other.applyRecords(missing(core, other));
  const connection = { peerId: alice.key, remotePort: UDP_53, localPort: 53, service: "dns" };
  other.addConnection(connection);
  other.addConnection({ ...connection, remotePort: 53, service: "web" });
  for (const [owner, before] of [[alice, core], [bob, other]] as const) {
    const text = formatSnapshot(owner.key, takeSnapshot(before));
    const { snapshot, warnings } = readSnapshot(owner.key, text);
    deepEqual(warnings, []);
    const after = restore(owner.key, owner.authority, snapshot);
    deepEqual(services(after, alice.key), [["dns", UDP_53], ["web", 53]]);
    deepEqual(after.connections.list(), before.connections.list());
  }
});
