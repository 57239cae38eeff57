// A machine with one node, over all of its lives: the disk, the key and the wall clock stay, the
// process comes and goes. Everything of the node is real down to the engine.

import { authorityOf } from "../../lib/app/authority.ts";
import { type IdentityKey, type NodeCredentials, SignedTimes } from "../../lib/auth/mod.ts";
import { Mesh } from "../../lib/mesh/mod.ts";
import { addressesOf, type BootstrapPeer, Node } from "../../lib/node/mod.ts";
import { type Authority, Store } from "../../lib/store/mod.ts";
import { Manager } from "../../lib/tunnel/mod.ts";
import {
  type PeerKey,
  shortPeerKey,
  silentLog,
  type SocketAddress,
  splitHostPort,
} from "../../lib/types/mod.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { modelFlows, modelForwarder } from "../support/model_forwarder.ts";
import { DAY_MS, NOW } from "../unit/auth/fixtures.ts";
import { SimEngine } from "./engine.ts";
import type { Network } from "./network.ts";
import type { Truth } from "./truth.ts";
import { Process, ProcessClock } from "./virtual_time.ts";

const DIR = "/state";
export const PORT = 60_611;
/** What each node carries for each member. */
export const RELAY_BYTES_PER_SECOND = 1_000_000;

/** A key and its place in the network. */
export interface Member {
  readonly key: PeerKey;
  readonly identity: IdentityKey;
  readonly credentials: NodeCredentials;
}

/** A process that runs on a machine, and its mesh. */
export interface Running {
  readonly process: Process;
  readonly clock: ProcessClock;
  readonly engine: SimEngine;
  readonly mesh: Mesh;
  readonly signedTimes: SignedTimes;
}

/** One run of a node. */
export interface Life extends Running {
  readonly store: Store;
  readonly tunnels: Manager;
  readonly node: Node;
  /** Asks it to end, which may take its time. */
  readonly ending: AbortController;
}

export interface MachineOptions {
  readonly network: Network;
  readonly truth: Truth;
  readonly member: Member;
  /** It speaks pollen/1 alone. */
  readonly isOld: boolean;
  readonly ip: string;
  readonly bootstrapPeers: readonly BootstrapPeer[];
}

export class Machine {
  readonly key: PeerKey;
  readonly ip: string;
  readonly isOld: boolean;
  life: Life | null = null;
  /** How far its wall clock is from the right time. */
  wallErrorMs = 0;
  /** Milliseconds that each step of its disk takes. */
  diskMs = 0;
  #disk = new MemoryDisk();
  readonly #options: MachineOptions;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.key = options.member.key;
    this.ip = options.ip;
    this.isOld = options.isOld;
  }

  get name(): string {
    return `${shortPeerKey(this.key)}${this.isOld ? " (pollen/1)" : ""}`;
  }

  get credentials(): NodeCredentials {
    return this.#options.member.credentials;
  }

  get address(): SocketAddress {
    return { ip: this.ip, port: PORT };
  }

  /** Whether a node runs here that is not stopped. */
  get isUp(): boolean {
    return this.life?.process.isRunning ?? false;
  }

  /** A process with a mesh of this machine's key, which asks the store, if there is one. */
  async begin(store: () => Store | null): Promise<Running> {
    const { network, member, truth } = this.#options;
    const process = new Process();
    const clock = new ProcessClock(
      network.time,
      process,
      () => NOW + network.time.nowMs + this.wallErrorMs,
    );
    let port = 40_000;
    const engine = new SimEngine({
      network,
      process,
      address: this.address,
      forwarder: modelForwarder(new Set(), () => ++port),
      flows: modelFlows(new Set(), () => ++port),
      isOld: this.isOld,
      onDatagram: (bytes) => truth.heard(this.key, bytes),
    });
    const signedTimes = new SignedTimes(member.credentials.cert);
    const mesh = await Mesh.create({
      engine,
      identity: member.identity,
      credentials: member.credentials,
      tlsIdentityTtlMs: 400 * DAY_MS,
      redeemer: null,
      clock,
      random: network.seeded.random,
      version: "sim",
      carries: true,
      candidates: (peer) => {
        const record = store()?.get(peer);
        return record == null ? [] : addressesOf(record);
      },
      log: silentLog,
      signedTimes,
      isRevoked: (peer) => store()?.isSubjectRevoked(peer) ?? false,
    });
    return { process, clock, engine, mesh, signedTimes };
  }

  /** Starts a node on what the disk has. */
  async start(): Promise<void> {
    const { network, truth, bootstrapPeers } = this.#options;
    let store: Store | null = null;
    const running = await this.begin(() => store);
    const { process, clock, engine, mesh } = running;
    store = await Store.load(this.#disk, DIR, this.key, this.#authority(clock, truth));
    this.#disk.pause = () => {
      if (process.isDead) return new Promise(() => {});
      if (this.diskMs > 0) return new Promise((resolve) => clock.setTimer(this.diskMs, resolve));
    };
    const tunnels = Manager.create({
      transport: mesh,
      forwarder: engine.forwarder,
      flows: engine.flows,
      clock,
      log: silentLog,
    });
    const node = Node.create({
      local: this.key,
      mesh,
      tunnels,
      store,
      clock,
      random: network.seeded.random,
      log: truth.log(this),
      machineAddresses: () => [this.ip],
      resolve: (texts) =>
        Promise.resolve(
          texts.map(splitHostPort).map(({ host, port }) => ({ ip: host, port })),
        ),
    }, { bootstrapPeers, relayBytesPerSecond: RELAY_BYTES_PER_SECOND });
    const ending = new AbortController();
    const life: Life = {
      ...running,
      store,
      tunnels,
      node,
      ending,
    };
    this.life = life;
    void node.start(ending.signal).then(() => {
      process.isDead = true;
      if (this.life === life) this.life = null;
      this.#disk = this.#disk.afterKill();
    });
    await node.ready;
  }

  /** `kill -9`, or the power fails: what was on disk stays. */
  crash(kind: "kill" | "power"): void {
    const { life } = this;
    if (life === null) return;
    life.process.isDead = true;
    const { engines } = this.#options.network;
    if (engines.get(this.ip) === life.engine) engines.delete(this.ip);
    this.#disk = kind === "kill" ? this.#disk.afterKill() : this.#disk.afterPowerLoss();
    this.life = null;
  }

  /** SIGSTOP, or the lid is shut. */
  suspend(): void {
    this.life?.process.stop(this.#options.network.time.nowMs);
  }

  resume(): void {
    const { life } = this;
    if (life === null || !life.process.isStopped) return;
    const { time } = this.#options.network;
    const { held, sleptMs } = life.process.resume(time.nowMs);
    for (const act of held) time.plan(0, life.process, act);
    if (sleptMs >= 5_000) life.engine.notices.push({ kind: "resumed", sleptMs });
  }

  #authority(clock: ProcessClock, truth: Truth): Authority {
    const { identity, credentials } = this.#options.member;
    const authority = authorityOf(identity, credentials, clock);
    return {
      ...authority,
      sign: (event) => {
        truth.signed(this.key, event);
        return authority.sign(event);
      },
    };
  }
}
