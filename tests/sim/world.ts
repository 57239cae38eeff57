// A network of machines on virtual time, from one seed: what it consists of, and what each run does:
// trouble first, with everything demanded that must be so at every moment; then everything heals,
// and within a bound of virtual time all must be as it should.

import type { BootstrapPeer } from "../../lib/node/mod.ts";
import { joinHostPort, type PeerKey, type WallMs } from "../../lib/types/mod.ts";
import { Seeded } from "../support/seeded.ts";
import { DAY_MS, makeNode, makeRoot, NOW, type Root } from "../unit/auth/fixtures.ts";
import { unsettled } from "./agreement.ts";
import { Faults } from "./faults.ts";
import { Hostile } from "./hostile.ts";
import { Machine, type Member, PORT } from "./machine.ts";
import { FINE, Network } from "./network.ts";
import { Truth } from "./truth.ts";
import { Users } from "./users.ts";
import { VirtualTime } from "./virtual_time.ts";

/** What a run consists of. */
export interface Kind {
  readonly machines: number;
  /** Machines whose nodes speak pollen/1 alone. */
  readonly old: number;
  readonly hasHostile: boolean;
  /** Milliseconds of trouble. */
  readonly troubleMs: number;
}

/**
 * Until when everything must be well after the last fault: a session that is dead must idle out
 * (30 s), twice where only one way was cut; a peer that nobody reached rests (20 s). Four hundred
 * runs took 22 s at most.
 */
export const HEALING_MS = 90_000;

/** Messages of a node to each peer in a minute of silence: a round of gossip every 10 s, its answer, and room. */
const IDLE_MESSAGES = 16;
/** Packets beside: a question every two seconds of who was told of a router that is none, and as many answers. */
const IDLE_PROBES = 64;

/** What a run has shown. */
export interface Figures {
  /** Virtual seconds from the end of trouble until everything was well. */
  readonly healedS: number;
  /** Of each node and minute once quiet. */
  readonly idleMessages: number;
  readonly idleBytes: number;
  /** Events that somebody lacks because pollen/1 cannot show it. */
  readonly gaps: number;
  readonly events: number;
  readonly checks: number;
}

export class World {
  readonly time = new VirtualTime();
  readonly truth = new Truth();
  readonly network: Network;
  readonly users: Users;
  readonly machines: Machine[] = [];
  hostile: Hostile | null = null;
  /** What was done to it, for a failure's report. */
  readonly journal: string[] = [];
  readonly seeded: Seeded;

  private constructor(seed: number, readonly root: Root, readonly kind: Kind) {
    this.seeded = new Seeded(seed);
    this.network = new Network(this.time, this.seeded);
    this.users = new Users(this);
    this.time.after = (process) => {
      for (const machine of this.machines) {
        if (machine.life?.process === process) this.truth.check(machine);
      }
    };
  }

  /** The machines, of which the first one is the root's. Nothing runs yet. */
  static async found(seed: number, kind: Kind): Promise<World> {
    const root = await makeRoot(1 + seed % 997);
    const world = new World(seed, root, kind);
    for (let index = 0; index < kind.machines; index++) {
      const member = index === 0
        ? { key: root.identity.peerKey, identity: root.identity, credentials: root.credentials }
        : await world.#member(2_000 + seed % 997 * 200 + index);
      world.machines.push(world.#machine(member, index, index >= kind.machines - kind.old));
    }
    if (kind.hasHostile) {
      const member = await world.#member(1_999);
      const machine = world.#machine(member, kind.machines, false);
      world.truth.hostile.add(member.key);
      world.hostile = new Hostile(world, machine, member);
    }
    return world;
  }

  async #member(seed: number): Promise<Member> {
    const { identity } = await makeNode(seed);
    const { peerKey: key } = identity;
    const cert = this.root.signer.issueMembership({ subject: key, ttlMs: 300 * DAY_MS, now: NOW });
    return { key, identity, credentials: { trust: this.root.credentials.trust, cert } };
  }

  #machine(member: Member, index: number, isOld: boolean): Machine {
    const { network, truth } = this;
    const bootstrapPeers: BootstrapPeer[] = this.machines.slice(0, 1)
      .map(({ key, ip }) => ({ peerKey: key, addrs: [joinHostPort(ip, PORT)] }));
    const ip = `20.0.${index >> 8}.${1 + index % 256}`;
    return new Machine({ network, truth, member, isOld, ip, bootstrapPeers });
  }

  note(what: string): void {
    this.journal.push(`${(this.time.nowMs / 1000).toFixed(1)} s: ${what}`);
  }

  /** Those who are members still, as far as anybody knows. */
  get members(): Machine[] {
    const revoked = new Set<PeerKey>();
    for (const { life } of this.machines) {
      for (const peer of life?.store.revokedSubjects() ?? []) revoked.add(peer);
    }
    return this.machines.filter(({ key }) => !revoked.has(key));
  }

  revocationOf({ key }: Machine) {
    return this.root.signer.issueRevocation(key, NOW + this.time.nowMs as WallMs);
  }

  /** All of it. Throws when something is not as it must be. */
  async run(): Promise<Figures> {
    for (const machine of this.machines) await machine.start();
    await this.hostile?.start();
    const faults = new Faults(this);
    const end = this.time.nowMs + this.kind.troubleMs;
    while (this.time.nowMs < end) {
      await this.time.run(200 + this.seeded.draw(4_000));
      await faults.next();
      this.users.next();
    }
    await this.#heal();
    const healedS = await this.untilWell();
    this.users.check();
    return { healedS, ...await this.#idle(), events: this.time.count, checks: this.truth.checks };
  }

  async #heal(): Promise<void> {
    this.note("everything heals");
    this.network.weather = FINE;
    this.network.mendAll();
    for (const machine of this.machines) {
      machine.wallErrorMs = 0;
      machine.diskMs = 0;
      machine.resume();
    }
    // What is on its way to an end comes to it.
    await this.time.run(2_000);
    for (const machine of this.machines) {
      if (machine.life === null) await machine.start();
    }
    if (this.seeded.draw(2) === 0) this.hostile?.rest();
  }

  /** Lets time go by until all is well; the seconds that it took. */
  async untilWell(boundMs = HEALING_MS): Promise<number> {
    const start = this.time.nowMs;
    while (true) {
      // Who was told to stop may only now have come to his end.
      for (const machine of this.machines) {
        if (machine.life === null) await machine.start();
      }
      const { complaints } = unsettled(this);
      if (complaints.length === 0) return (this.time.nowMs - start) / 1_000;
      if (this.time.nowMs - start > boundMs) {
        throw new Error(`not well after ${boundMs / 1_000} s:\n  ${complaints.join("\n  ")}`);
      }
      await this.time.run(1_000);
    }
  }

  async #idle(): Promise<Pick<Figures, "idleMessages" | "idleBytes" | "gaps">> {
    await this.time.run(60_000);
    const engines = this.members.map(({ life }) => life!.engine);
    const before = engines.map(({ messagesSent, probesSent, bytesSent }) => {
      return { messagesSent, probesSent, bytesSent };
    });
    await this.time.run(60_000);
    const messages = engines.map((engine, at) => engine.messagesSent - before[at]!.messagesSent);
    const probes = engines.map((engine, at) => engine.probesSent - before[at]!.probesSent);
    const bytes = engines.map((engine, at) => engine.bytesSent - before[at]!.bytesSent);
    const { complaints, gaps } = unsettled(this);
    if (complaints.length > 0) throw new Error(`well no more:\n  ${complaints.join("\n  ")}`);
    const peers = this.machines.length - 1;
    const bound = IDLE_MESSAGES * peers;
    const most = Math.max(...messages);
    // Who missed a revocation over pollen/1, or was lied about there, goes on telling what nobody takes.
    const known = this.members.map(({ life }) => life!.store.revokedSubjects().length);
    const isLiedAbout = this.hostile !== null && (this.hostile.isActive || this.kind.old > 0);
    const isDisturbed = isLiedAbout || known.some((n) => n !== known[0]);
    if (!isDisturbed && most > bound) {
      throw new Error(`a quiet node sent ${most} messages in a minute; ${bound} are its bound`);
    }
    const mostProbes = Math.max(...probes);
    if (!isDisturbed && mostProbes > IDLE_PROBES * peers) {
      throw new Error(`a quiet node sent ${mostProbes} probes in a minute`);
    }
    const mean = (values: number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
    return { idleMessages: mean(messages), idleBytes: mean(bytes), gaps };
  }
}
