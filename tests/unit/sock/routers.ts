// Routers of each kind, in memory: what reaches whom is decided by tables like theirs.

import { SockStore } from "../../../lib/sock/mod.ts";
import {
  type ExtraSocket,
  formatAddress,
  PollenError,
  type PunchPart,
  readWay,
  type SocketAddress,
  socketWay,
} from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { Seeded } from "../../support/seeded.ts";

/** What a router lets in: everything, what comes from an IP that was sent to, or from that very port. */
export type Filter = "none" | "ip" | "port";

export interface NodeOptions {
  readonly host: number;
  readonly filter: Filter;
  /** Whether packets to each address leave from another port. */
  readonly isStrict?: boolean;
  /** Extra sockets that it can open. Default: as many as it likes. */
  readonly socketsMax?: number;
  /** Of its chance. */
  readonly seed?: number;
}

/** A mapping of a router: from which of the host's sockets, to whom; anywhere if it is one for all. */
interface Mapping {
  readonly socket: number;
  readonly to: string | null;
}

export class Net {
  readonly clock = new FakeClock();
  readonly nodes: NatNode[] = [];
  /** Packets on their way; delivered by `run`. */
  path: (() => void)[] = [];
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
      // What is delivered resolves promises, and those others.
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
      this.clock.advance(50);
    }
  }
}

export class NatNode {
  readonly store: SockStore;
  readonly ip: string;
  /** Where it sent to. */
  readonly targets = new Set<string>();
  /** Extra sockets that are open, by number. */
  readonly open = new Set<number>();
  sent = 0;
  received = 0;
  #opened = 0;
  readonly #chance: Seeded;
  readonly #sentTo = new Set<string>();
  readonly #mappings = new Map<number, Mapping>();
  readonly #ports = new Map<string, number>();

  constructor(readonly net: Net, readonly options: NodeOptions) {
    this.ip = `198.51.100.${options.host}`;
    this.#chance = new Seeded(options.seed ?? options.host);
    this.store = new SockStore({
      clock: net.clock,
      random: this.#chance.random,
      send: (to, bytes) => this.#send(to, bytes),
      openSocket: () => this.#openSocket(),
    });
  }

  /** Where others see it, if its router keeps to one port; where a coordinator does, otherwise. */
  get address(): SocketAddress {
    return { ip: this.ip, port: 5_000 };
  }

  /** Begins a punch; where the other end was found, or the code of the failure. */
  punch(other: NatNode, part: PunchPart = "equal"): Promise<string> {
    return this.store.punch(other.address, { part })
      .then(({ peer }) => formatAddress(peer), (thrown) => thrown.code as string);
  }

  #openSocket(): Promise<ExtraSocket> {
    if (this.open.size >= (this.options.socketsMax ?? Infinity)) {
      return Promise.reject(new PollenError("exhausted", "The system has no more sockets."));
    }
    const number = ++this.#opened;
    this.open.add(number);
    return Promise.resolve({ number, port: 40_000, close: () => void this.open.delete(number) });
  }

  #send(to: SocketAddress, bytes: Uint8Array): void {
    const way = readWay(to);
    const socket = way?.kind === "socket" ? way.socket : 0;
    const target = way?.kind === "socket" ? way.address : to;
    if (socket !== 0 && !this.open.has(socket)) return;
    this.net.sent++;
    this.sent++;
    this.targets.add(formatAddress(target));
    this.#sentTo.add(target.ip).add(formatAddress(target));
    const from = { ip: this.ip, port: this.#portOf(socket, target) };
    this.net.path.push(() => {
      for (const node of this.net.nodes) {
        if (node.ip === target.ip) node.#arrive(from, target.port, bytes);
      }
    });
  }

  #portOf(socket: number, target: SocketAddress): number {
    const to = this.options.isStrict === true ? formatAddress(target) : null;
    if (socket === 0 && to === null) {
      this.#mappings.set(5_000, { socket, to });
      return 5_000;
    }
    const key = `${socket} ${to}`;
    let port = this.#ports.get(key);
    while (port === undefined || this.#mappings.has(port) && !this.#ports.has(key)) {
      port = 1_024 + this.#chance.draw(64_512);
    }
    this.#ports.set(key, port);
    this.#mappings.set(port, { socket, to });
    return port;
  }

  #arrive(from: SocketAddress, port: number, bytes: Uint8Array): void {
    const mapping = this.#mappings.get(port);
    if (mapping === undefined || mapping.to !== null && mapping.to !== formatAddress(from)) return;
    const { filter } = this.options;
    const isLetIn = filter === "none" ||
      this.#sentTo.has(filter === "ip" ? from.ip : formatAddress(from));
    const { socket } = mapping;
    if (!isLetIn || socket !== 0 && !this.open.has(socket)) return;
    this.received++;
    this.store.received(socket === 0 ? from : socketWay(socket, from), bytes);
  }
}
