// When a mapping is asked for, prolonged, given up and taken away.

import { deepEqual, equal, ok } from "node:assert/strict";
import {
  type MachineInput,
  type MachineOutput,
  MappingMachine,
} from "../../../lib/portmap/machine.ts";
import type { Gateway, Mapping } from "../../../lib/portmap/mod.ts";
import type { MonotonicMs } from "../../../lib/types/mod.ts";
import { GATEWAY } from "./samples.ts";

const OTHER: Gateway = { ip: "10.0.0.1", localIp: "10.0.0.2" };

function mapping(more: Partial<Mapping> = {}): Mapping {
  return {
    protocol: "pcp",
    gateway: GATEWAY,
    internalPort: 60_611,
    external: { ip: "203.0.113.9", port: 40_000 },
    lifetimeMs: 1_200_000,
    ...more,
  };
}

class Stepped {
  readonly machine = new MappingMachine();
  now = 0;
  /** The number of the last request. */
  attempt = 0;

  step(input: MachineInput): MachineOutput[] {
    const outputs = this.machine.step(this.now as MonotonicMs, input);
    for (const output of outputs) if (output.kind === "request") this.attempt = output.attempt;
    return outputs;
  }

  kinds(input: MachineInput): string[] {
    return this.step(input).map(({ kind }) => kind);
  }

  mapped(more: Partial<Mapping> = {}): string[] {
    return this.kinds({ kind: "mapped", attempt: this.attempt, mapping: mapping(more) });
  }

  fail(): string[] {
    return this.kinds({ kind: "failed", attempt: this.attempt });
  }

  /** Goes to the moment that is due, and says how long that took. */
  due(): { waitedMs: number; kinds: string[] } {
    const waitedMs = this.machine.nextAt! - this.now;
    this.now = this.machine.nextAt!;
    return { waitedMs, kinds: this.kinds({ kind: "tick" }) };
  }
}

/** A machine that found its router and has asked. */
function asking(): Stepped {
  const t = new Stepped();
  equal(t.machine.state, "searching");
  deepEqual(t.kinds({ kind: "gateway", gateway: GATEWAY }), ["request"]);
  equal(t.machine.state, "searching");
  return t;
}

Deno.test("without a router nothing is asked", () => {
  const t = new Stepped();
  deepEqual(t.kinds({ kind: "gateway", gateway: null }), []);
  equal(t.machine.state, "none");
  equal(t.machine.nextAt, null);
});

Deno.test("a mapping is prolonged at half of its life, and told once", () => {
  const t = asking();
  deepEqual(t.mapped(), ["changed"]);
  equal(t.machine.state, "mapped");
  deepEqual(t.due(), { waitedMs: 600_000, kinds: ["request"] });
  deepEqual(t.mapped(), []);
  deepEqual(t.due(), { waitedMs: 600_000, kinds: ["request"] });
  deepEqual(t.mapped({ external: { ip: "203.0.113.9", port: 40_001 } }), ["changed"]);
});

Deno.test("what is to be prolonged goes with the request", () => {
  const t = asking();
  t.mapped();
  t.now = 600_000;
  deepEqual(t.step({ kind: "tick" }), [
    { kind: "request", attempt: t.attempt, gateway: GATEWAY, previous: mapping() },
  ]);
});

Deno.test("a router's word of a very long life, or of none, changes nothing", () => {
  const t = asking();
  t.mapped({ lifetimeMs: 2 ** 32 * 1_000 });
  equal(t.due().waitedMs, 30 * 60_000);
  t.mapped({ lifetimeMs: null });
  equal(t.due().waitedMs, 30 * 60_000);
  t.mapped({ lifetimeMs: 1_000 });
  equal(t.due().waitedMs, 1_000, "it is over before it may be asked for again");
});

Deno.test("a mapping that nobody can use is none", () => {
  for (const more of [{ external: { ip: "203.0.113.9", port: 0 } }, { lifetimeMs: 0 }]) {
    const t = asking();
    deepEqual(t.mapped(more), []);
    equal(t.machine.state, "none");
  }
});

Deno.test("a router that offers nothing is asked later and later", () => {
  const t = asking();
  const waits: number[] = [];
  for (let round = 0; round < 9; round++) {
    deepEqual(t.fail(), []);
    equal(t.machine.state, "none");
    waits.push(t.due().waitedMs / 1_000);
  }
  deepEqual(waits, [30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800]);
});

Deno.test("a mapping that cannot be prolonged is tried again until it ends, and then is gone", () => {
  const t = asking();
  t.mapped();
  t.due();
  const waits: number[] = [];
  let kinds: string[] = [];
  for (let round = 0; t.machine.state === "mapped" && round < 100; round++) {
    t.fail();
    const due = t.due();
    waits.push(due.waitedMs);
    kinds = due.kinds;
  }
  deepEqual(kinds.slice(0, 1), ["changed"]);
  equal(t.now, 1_200_000);
  deepEqual(waits.slice(0, 3), [300_000, 150_000, 75_000]);
  ok(waits.slice(0, -1).every((wait) => wait >= 4_000), `${waits}`);
});

Deno.test("a request that never ends does not keep a mapping alive", () => {
  const t = asking();
  t.mapped();
  t.due();
  deepEqual(t.due(), { waitedMs: 600_000, kinds: ["changed"] });
  equal(t.machine.mapping, null);
});

Deno.test("another router: the mapping goes there, and is asked for here at once", () => {
  const t = asking();
  t.mapped();
  deepEqual(t.kinds({ kind: "gateway", gateway: GATEWAY }), [], "the same one");
  deepEqual(t.kinds({ kind: "gateway", gateway: { ...GATEWAY, localIp: "192.168.1.67" } }), [
    "remove",
    "changed",
    "request",
  ]);
  t.fail();
  deepEqual(t.kinds({ kind: "gateway", gateway: OTHER }), ["request"], "no rest at the new one");
});

Deno.test("what the old router grants too late is taken away again", () => {
  const t = asking();
  const late = t.attempt;
  t.step({ kind: "gateway", gateway: OTHER });
  deepEqual(t.kinds({ kind: "mapped", attempt: late, mapping: mapping() }), ["remove"]);
  deepEqual(t.kinds({ kind: "failed", attempt: late }), []);
  equal(t.machine.state, "searching");
});

Deno.test("at the end the mapping is taken away, and nothing is asked any more", () => {
  const t = asking();
  t.mapped();
  deepEqual(t.kinds({ kind: "stop" }), ["remove", "changed"]);
  deepEqual(t.kinds({ kind: "stop" }), []);
  deepEqual(t.kinds({ kind: "gateway", gateway: OTHER }), []);
  equal(t.machine.nextAt, null);
});
