// The mapper around the machine: which protocol is asked first, what is told, how much is logged.

import { deepEqual, equal } from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import {
  type Mapping,
  type MappingClient,
  type MappingProtocol,
  PortMapper,
} from "../../../lib/portmap/mod.ts";
import { type Log, PollenError, type SocketAddress } from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { GATEWAY } from "./samples.ts";

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await setImmediate();
}

class Mapped implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly lines: string[] = [];
  readonly asked: string[] = [];
  readonly told: (SocketAddress | null)[] = [];
  /** What speaks which protocol grants. */
  readonly grants = new Map<MappingProtocol, SocketAddress>();
  readonly mapper: PortMapper;

  constructor() {
    const note = (level: string) => (message: string) =>
      void this.lines.push(`${level}: ${message}`);
    const log: Log = {
      debug: note("debug"),
      info: note("info"),
      warn: note("warn"),
      error: note("error"),
    };
    this.mapper = PortMapper.start({
      internalPort: 60_611,
      clients: (["pcp", "nat_pmp", "upnp"] as const).map((protocol) => this.#client(protocol)),
      clock: this.clock,
      log,
      findGateway: () => Promise.resolve(GATEWAY),
      isPublicIp: (ip) => ip.startsWith("203."),
      onChange: (address) => void this.told.push(address),
    });
  }

  #client(protocol: MappingProtocol): MappingClient {
    return {
      protocol,
      map: ({ gateway, internalPort, lifetimeMs }): Promise<Mapping> => {
        this.asked.push(protocol);
        const external = this.grants.get(protocol);
        return external === undefined
          ? Promise.reject(new PollenError("unreachable", "Silence."))
          : Promise.resolve({ protocol, gateway, internalPort, external, lifetimeMs });
      },
      unmap: () => {
        this.asked.push(`not ${protocol}`);
        return Promise.resolve();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mapper[Symbol.asyncDispose]();
    equal(this.clock.pending, 0, "no timer is left behind");
  }
}

const OUTSIDE = { ip: "203.0.113.9", port: 60_611 };

Deno.test("each protocol is asked in turn, and the one that answered first the next time", async () => {
  await using t = new Mapped();
  t.grants.set("nat_pmp", OUTSIDE);
  await settle();
  deepEqual(t.asked, ["pcp", "nat_pmp"]);
  deepEqual(t.told, [OUTSIDE]);
  t.clock.advance(10 * 60_000);
  await settle();
  deepEqual(t.asked.slice(2), ["nat_pmp"]);
  await t.mapper[Symbol.asyncDispose]();
  deepEqual(t.asked.slice(3), ["not nat_pmp"]);
  deepEqual(t.told, [OUTSIDE, null]);
});

Deno.test("a router that offers nothing is no line of the usual log, and one of the full one", async () => {
  await using t = new Mapped();
  for (let minute = 0; minute < 180; minute++) {
    t.clock.advance(60_000);
    await settle();
  }
  deepEqual(t.lines, ["debug: no port mapping"]);
  deepEqual(t.told, []);
  equal(t.mapper.state, "none");
});

Deno.test("a router behind another one is not told to anybody, and said to the owner", async () => {
  await using t = new Mapped();
  t.grants.set("upnp", { ip: "10.0.0.5", port: 60_611 });
  await settle();
  deepEqual(t.told, [null]);
  equal(t.mapper.mapping?.external.ip, "10.0.0.5");
  equal(t.lines.filter((line) => line.startsWith("warn")).length, 1);
  t.clock.advance(10 * 60_000);
  await settle();
  equal(t.lines.length, 1, "and once");
});
