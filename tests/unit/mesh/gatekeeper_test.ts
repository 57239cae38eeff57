import { deepEqual, equal } from "node:assert/strict";
import { Gatekeeper } from "../../../lib/mesh/gatekeeper.ts";
import { InviteSlots } from "../../../lib/mesh/invite_slots.ts";
import { sourceOf } from "../../../lib/mesh/sources.ts";
import type { AttemptVerdict, MonotonicMs } from "../../../lib/types/mod.ts";

const STRANGER = "198.51.100.7";
const MEMBER = "203.0.113.5";
const at = (ms: number) => ms as MonotonicMs;

/** A gatekeeper and what it says. */
function gate() {
  const keeper = new Gatekeeper();
  const ask = (
    ip: string,
    { proved = false, open = 0, ms = 0 }: { proved?: boolean; open?: number; ms?: number } = {},
  ): AttemptVerdict => {
    const address = { ip, port: 60_611 };
    const attempt = { address, isAddressProved: proved, openHandshakes: open };
    return keeper.decide(attempt, at(ms));
  };
  return { keeper, ask };
}

Deno.test("who proves his address is let in where others are not", () => {
  const verdicts = (open: number) => {
    const { ask } = gate();
    return [ask(STRANGER, { open }), ask(STRANGER, { open, proved: true })];
  };
  deepEqual(verdicts(0), ["take", "take"]);
  deepEqual(verdicts(63), ["take", "take"]);
  deepEqual(verdicts(64), ["retry", "take"]);
  deepEqual(verdicts(511), ["retry", "take"]);
  deepEqual(verdicts(512), ["drop", "refuse"]);
});

Deno.test("members' sources are taken when nobody else is", () => {
  const { keeper, ask } = gate();
  keeper.memberSeen(MEMBER, { inbound: false });
  equal(ask(STRANGER, { open: 900 }), "drop");
  equal(ask(MEMBER, { open: 900 }), "take");
  equal(ask(MEMBER, { open: 900, proved: true }), "take");
});

Deno.test("one source has its share; its owner gets in beside those who forge it", () => {
  const { ask } = gate();
  const many = (options: { proved?: boolean }) =>
    Array.from({ length: 50 }, () => ask(STRANGER, options)).filter((v) => v === "take").length;
  equal(many({}), 16);
  equal(ask(STRANGER), "retry");
  equal(many({ proved: true }), 16);
  equal(ask(STRANGER, { proved: true }), "refuse");
  equal(ask("198.51.100.8"), "take");
  equal(ask(STRANGER, { ms: 9_999 }), "retry");
  equal(ask(STRANGER, { ms: 10_000 }), "take");
});

Deno.test("members behind one address do not use up its share, strangers do", () => {
  const { keeper, ask } = gate();
  for (let count = 0; count < 100; count++) {
    equal(ask(MEMBER), "take");
    keeper.memberSeen(MEMBER, { inbound: true });
  }
  // A session that we dialled says nothing of those who dial us.
  for (let count = 0; count < 16; count++) {
    equal(ask(MEMBER), "take");
    keeper.memberSeen(MEMBER, { inbound: false });
  }
  equal(ask(MEMBER), "retry");
});

Deno.test("members are forgotten in the order in which they were seen", () => {
  const { keeper, ask } = gate();
  const ip = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  for (let n = 0; n < 4_096; n++) keeper.memberSeen(ip(n), { inbound: false });
  keeper.memberSeen(ip(0), { inbound: false });
  keeper.memberSeen(ip(4_096), { inbound: false });
  equal(ask(ip(0), { open: 900 }), "take");
  equal(ask(ip(1), { open: 900 }), "drop");
});

Deno.test("a source is an address of IPv4 or a /64 of IPv6", () => {
  equal(sourceOf("192.0.2.1"), sourceOf("::ffff:192.0.2.1"));
  equal(sourceOf("2001:db8::1"), sourceOf("2001:db8:0:0:ffff::2%eth0"));
  for (const other of ["2001:db8:0:1::1", "192.0.2.1", "2001:db9::1"]) {
    equal(sourceOf("2001:db8::1") === sourceOf(other), false, other);
  }
});

Deno.test("slots for invites are shared among sources and given back", () => {
  const slots = new InviteSlots();
  const enter = (ip: string, times: number) =>
    Array.from({ length: times }, () => slots.enter(ip)).filter((leave) => leave !== null);
  const [leave] = enter("2001:db8::1", 20);
  equal(enter("2001:db8::2", 20).length, 0);
  leave!();
  equal(enter("2001:db8::2", 20).length, 1);
  equal(enter("192.0.2.1", 20).length, 8);
  equal(enter("192.0.2.2", 20).length, 8);
  equal(enter("192.0.2.3", 20).length, 8);
  equal(enter("192.0.2.4", 20).length, 0);
});
