// Punching through routers of each kind, in memory: what reaches whom is decided by tables like
// theirs.

import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  decodeProbe,
  encodeProbe,
  PROBE_BYTES,
  PROBE_NONCE_BYTES,
  Puncher,
} from "../../../lib/sock/mod.ts";
import { formatAddress, type SocketAddress } from "../../../lib/types/mod.ts";
import { goldenBytes } from "../../golden/golden.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { seededRandom } from "../auth/fixtures.ts";

/** What a router lets in: everything, what comes from an IP that was sent to, or from that very port. */
type Filter = "none" | "ip" | "port";

interface NodeOptions {
  readonly host: number;
  readonly filter: Filter;
  /** Whether packets to each address leave from another port. */
  readonly isStrict?: boolean;
}

class Net {
  readonly clock = new FakeClock();
  readonly nodes: NatNode[] = [];
  /** Packets on their way; delivered by `settle`. */
  readonly path: (() => void)[] = [];
  sent = 0;

  node(options: NodeOptions): NatNode {
    const node = new NatNode(this, options);
    this.nodes.push(node);
    return node;
  }

  /** Lets time pass in steps, delivering what was sent. */
  async run(ms: number): Promise<void> {
    for (let step = 0; step < ms; step += 50) {
      for (const deliver of this.path.splice(0)) deliver();
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      this.clock.advance(50);
    }
  }
}

class NatNode {
  readonly puncher: Puncher;
  readonly #ip: string;
  readonly #sentTo = new Set<string>();
  readonly #ports = new Map<string, number>();
  received = 0;

  constructor(readonly net: Net, readonly options: NodeOptions) {
    this.#ip = `198.51.100.${options.host}`;
    this.puncher = new Puncher({
      clock: net.clock,
      random: seededRandom(options.host),
      send: (to, bytes) => this.#send(to, bytes),
    });
  }

  /** Where others see it, if its router keeps to one port. */
  get address(): SocketAddress {
    return { ip: this.#ip, port: 5_000 };
  }

  #send(to: SocketAddress, bytes: Uint8Array): void {
    this.net.sent++;
    this.#sentTo.add(to.ip).add(formatAddress(to));
    const from = { ip: this.#ip, port: this.#portTo(to) };
    this.net.path.push(() => this.net.nodes.forEach((node) => node.#arrive(from, to, bytes)));
  }

  #portTo(to: SocketAddress): number {
    if (this.options.isStrict !== true) return 5_000;
    const known = this.#ports.get(formatAddress(to)) ?? 6_000 + this.#ports.size;
    this.#ports.set(formatAddress(to), known);
    return known;
  }

  #arrive(from: SocketAddress, to: SocketAddress, bytes: Uint8Array): void {
    if (to.ip !== this.#ip) return;
    const isMapped = this.options.isStrict === true
      ? [...this.#ports].some(([key, port]) => port === to.port && key === formatAddress(from))
      : to.port === 5_000;
    const { filter } = this.options;
    const isLetIn = filter === "none" ||
      this.#sentTo.has(filter === "ip" ? from.ip : formatAddress(from));
    if (!isMapped || !isLetIn) return;
    this.received++;
    this.puncher.received(from, bytes);
  }
}

async function punchEachOther(one: NatNode, other: NatNode): Promise<string[]> {
  const both = [one.puncher.punch(other.address), other.puncher.punch(one.address)]
    .map((found) => found.then(formatAddress, (thrown) => thrown.code as string));
  await one.net.run(4_000);
  return await Promise.all(both);
}

for (const near of ["none", "ip", "port"] as const) {
  for (const far of ["none", "ip", "port"] as const) {
    Deno.test(`routers that keep to one port are opened (${near}, ${far})`, async () => {
      const net = new Net();
      const [one, other] = [
        net.node({ host: 1, filter: near }),
        net.node({ host: 2, filter: far }),
      ];
      deepEqual(await punchEachOther(one, other), [
        formatAddress(other.address),
        formatAddress(one.address),
      ]);
    });
  }
}

Deno.test("one whose router takes another port is found at that port by one whose router lets it in", async () => {
  const net = new Net();
  const strict = net.node({ host: 1, filter: "port", isStrict: true });
  const open = net.node({ host: 2, filter: "ip" });
  const [atOpen, atStrict] = await punchEachOther(strict, open);
  deepEqual([atOpen, atStrict], [formatAddress(open.address), "198.51.100.1:6000"]);
});

Deno.test("two routers of which one takes another port and the other wants that very one stay shut", async () => {
  const net = new Net();
  const strict = net.node({ host: 1, filter: "port", isStrict: true });
  const moderate = net.node({ host: 2, filter: "port" });
  deepEqual(await punchEachOther(strict, moderate), ["unreachable", "unreachable"]);
  // Three seconds of ten a second each, and nothing afterwards.
  equal(net.sent <= 62, true, `${net.sent} packets`);
  const before = net.sent;
  await net.run(5_000);
  equal(net.sent, before);
});

Deno.test("a stranger's question is not answered, and a foreign answer is none", async () => {
  const net = new Net();
  const node = net.node({ host: 1, filter: "none" });
  const stranger = { ip: "203.0.113.9", port: 9 };
  const question = encodeProbe({ kind: "ask", nonce: new Uint8Array(PROBE_NONCE_BYTES) });
  equal(node.puncher.received(stranger, question), true);
  equal(net.sent, 0);
  const punched = node.puncher.punch({ ip: "198.51.100.2", port: 5_000 }).catch(({ code }) => code);
  const answer = encodeProbe({ kind: "answer", nonce: new Uint8Array(PROBE_NONCE_BYTES) });
  for (const from of [stranger, { ip: "198.51.100.2", port: 5_000 }]) {
    node.puncher.received(from, answer);
  }
  await net.run(4_000);
  equal(await punched, "unreachable");
});

Deno.test("an attempt that is given up sends nothing any more", async () => {
  const net = new Net();
  const node = net.node({ host: 1, filter: "none" });
  const giveUp = new AbortController();
  const punched = node.puncher.punch({ ip: "198.51.100.2", port: 1 }, giveUp.signal);
  giveUp.abort();
  await rejects(punched, { code: "cancelled" });
  await net.run(1_000);
  equal(net.sent, 1);
  equal(net.clock.pending, 0);
  await rejects(node.puncher.punch({ ip: "198.51.100.2", port: 1 }, giveUp.signal), {
    code: "cancelled",
  });
});

Deno.test("probes are those of pollen/1", () => {
  const nonce = Uint8Array.from({ length: PROBE_NONCE_BYTES }, (_, index) => index);
  deepEqual(encodeProbe({ kind: "ask", nonce }), goldenBytes("a probe that asks"));
  deepEqual(encodeProbe({ kind: "answer", nonce }), goldenBytes("a probe that answers"));
  deepEqual(decodeProbe(goldenBytes("a probe that answers")), { kind: "answer", nonce });
  for (let length = 0; length < 40; length++) {
    if (length !== PROBE_BYTES) equal(decodeProbe(new Uint8Array(length).fill(1)), null);
  }
  equal(decodeProbe(new Uint8Array(PROBE_BYTES).fill(3)), null);
});
