// The history of one node: it works, it crashes, it comes back, again and again. Everything it
// acknowledged is demanded of it after each crash, and nothing beside.

import { equal, ok } from "node:assert/strict";
import { isSameTrust, verifyRevocation } from "../../lib/auth/mod.ts";
import { type PeerKey, peerKeyBytes, PollenError, type WallMs } from "../../lib/types/mod.ts";
import { ModelFiles, systemError } from "../support/model_files.ts";
import type { CrashKind } from "../support/model_nodes.ts";
import { Seeded } from "../support/seeded.ts";
import { NOW } from "../unit/auth/fixtures.ts";
import { event, key, network } from "../unit/store/fixtures.ts";
import { ANY, type Facts } from "./facts.ts";
import { found, type Founded, Life, type Start } from "./life.ts";
import { Observer } from "./model_mesh.ts";
import { membershipOf, Promises } from "./promises.ts";

const OBSERVERS = [key(0x22), key(0x33)];
const [BOB] = OBSERVERS as [PeerKey];
const REVOCABLE = [0x51, 0x52, 0x53].map(key);
const NAMES = ["api", "db", "web"];
const REMOTE_PORTS = [80, 443, 5432];
/** Calls of the file system within which a crash comes: about as many as a few commands make. */
const CRASH_WITHIN = 90;

export class History {
  readonly #seeded: Seeded;
  readonly #promises: Promises;
  readonly #observers: readonly Observer[];
  #founded: Founded | null = null;
  #files: ModelFiles;
  #now: number = NOW;
  #taken: Set<number> = new Set();
  /** Crashes so far. */
  crashes = 0;

  constructor(seed: number) {
    this.#seeded = new Seeded(seed);
    this.#files = new ModelFiles(this.#seeded.draw);
    this.#observers = OBSERVERS.map((peer) =>
      new Observer(peer, (revocation) => {
        verifyRevocation(revocation, this.#founded!.credentials.trust);
        return true;
      }, () => this.#founded!.identity.peerKey)
    );
    this.#promises = new Promises(this.#observers);
  }

  /** Lives until so many crashes have come. */
  async run(crashes: number): Promise<void> {
    const { draw } = this.#seeded;
    while (this.crashes < crashes) {
      this.#taken = new Set(REMOTE_PORTS.filter(() => draw(4) === 0));
      // A forward moves, once and for good, when another program has its port.
      for (const port of this.#taken) this.#promises.forwards.loosen(port);
      if (draw(3) === 0) this.#files.crashAfter(1 + draw(CRASH_WITHIN));
      const life = await this.#unlessCrashed(this.#open());
      if (life !== null) {
        this.#files.crashAfter(Infinity);
        await this.#promises.verify(life, this.#meeting());
        this.#files.crashAfter(1 + draw(CRASH_WITHIN));
        await this.#work(life);
        this.#now = life.clock.wallNow();
      }
      this.#files.crash();
      this.crashes++;
      const kind: CrashKind = draw(2) === 0 ? "kill" : "power";
      this.#files = this.#files.successor(kind);
    }
    await this.#promises.verify(await this.#open(), this.#meeting());
    this.#files.crash();
  }

  /** Whom the node meets first: both observers in any order, or one. */
  #meeting(): readonly PeerKey[] {
    return this.#seeded.pick([OBSERVERS, OBSERVERS.toReversed(), ...OBSERVERS.map((o) => [o])]);
  }

  get #start(): Start {
    return {
      files: this.#files,
      random: this.#seeded.random,
      now: this.#now as WallMs,
      taken: this.#taken,
      observers: this.#observers,
    };
  }

  async #open(): Promise<Life> {
    const founded = await found(this.#start);
    if (!this.#files.hasCrashed) {
      this.#founded ??= founded;
      equal(founded.identity.peerKey, this.#founded.identity.peerKey, "another identity");
      ok(isSameTrust(founded.credentials.trust, this.#founded.credentials.trust), "another root");
    }
    return await Life.open(this.#start);
  }

  /** What it gives; null when the process crashed before. */
  async #unlessCrashed<T>(task: Promise<T>): Promise<T | null> {
    const crashed = this.#files.crashed.then(() => null);
    const result = await Promise.race([task, crashed]);
    return this.#files.hasCrashed ? null : result;
  }

  // --- what it does

  async #work(life: Life): Promise<void> {
    const { draw } = this.#seeded;
    for (let burst = 0; burst < 8 && !this.#files.hasCrashed; burst++) {
      const disk = draw(5);
      this.#files.fault = disk > 1 ? () => null : (call) => {
        if (disk === 0) return ["create", "write", "mkdir"].includes(call) ? FULL : null;
        return draw(4) === 0 ? BROKEN : null;
      };
      const tasks = [this.#serve, this.#forward, this.#other, this.#askAll].filter(() =>
        draw(2) === 0
      );
      await this.#unlessCrashed(Promise.all(tasks.map((task) => task.call(this, life))));
      this.#files.fault = () => null;
      if (draw(2) === 0) await this.#unlessCrashed(this.#chatter(life));
    }
  }

  async #serve(life: Life): Promise<void> {
    const { files } = life;
    const { draw, pick } = this.#seeded;
    const name = pick(NAMES);
    const port = 8_000 + draw(3);
    const isServed = life.store.localServices().has(name);
    if (draw(3) > 0) {
      await this.#promise(
        life,
        this.#promises.services,
        name,
        port,
        () => life.node.registerService(port, name),
      );
    } else if (isServed) {
      await this.#promise(
        life,
        this.#promises.services,
        name,
        null,
        () => life.node.unregisterService({ name }),
      );
    }
    if (files.hasCrashed || this.#promises.services.isInDoubt(name)) return;
    const actual = life.store.localServices().get(name)?.port ?? null;
    equal(actual, this.#promises.services.get(name), `${name} is not served as it was answered`);
  }

  async #forward(life: Life): Promise<void> {
    const { draw, pick } = this.#seeded;
    const remotePort = pick(REMOTE_PORTS);
    const isThere = life.tunnels.listConnections().some((forward) =>
      forward.remotePort === remotePort
    );
    if (!isThere && life.store.get(BOB) !== null) {
      await this.#promise(
        life,
        this.#promises.forwards,
        remotePort,
        ANY,
        () => life.node.connectService(BOB, remotePort, draw(2) * remotePort),
      );
    } else if (isThere && draw(2) === 0) {
      await this.#promise(
        life,
        this.#promises.forwards,
        remotePort,
        null,
        () => life.node.disconnectService({ peer: BOB, remotePort }),
      );
    }
  }

  async #other(life: Life): Promise<void> {
    const { draw, pick } = this.#seeded;
    switch (draw(6)) {
      case 0: {
        const subject = pick(REVOCABLE);
        const revocation = life.signer.issueRevocation(subject, life.clock.wallNow());
        return await this.#promise(
          life,
          this.#promises.revocations,
          subject,
          true,
          () => life.node.revokePeer(revocation),
        );
      }
      case 1: {
        const peer = pick(OBSERVERS);
        const address = `192.0.2.${1 + draw(3)}:60611`;
        if (
          this.#promises.bootstrap.get(peer) !== null || this.#promises.bootstrap.isInDoubt(peer)
        ) return;
        return await this.#promise(
          life,
          this.#promises.bootstrap,
          peer,
          address,
          () => life.rememberPeer(peerKeyBytes(peer), address),
        );
      }
      default:
        return await this.#redeem(life);
    }
  }

  async #redeem({ files, signer, redeemer, clock }: Life): Promise<void> {
    const now = clock.wallNow();
    const bootstrap = [{ peerPub: peerKeyBytes(BOB), addrs: ["192.0.2.1:60611"] }];
    const token = signer.issueInvite({ bootstrap, ttlMs: 86_400_000, now });
    const subject = key(0x60 + this.#seeded.draw(4));
    try {
      const answer = await redeemer.redeem(token, subject, now);
      if (files.hasCrashed) return;
      const membership = membershipOf(answer);
      this.#promises.redemptions.set(token.claims!.tokenId, { token, subject, membership });
    } catch (thrown) {
      demandDiskError(thrown);
    }
  }

  /** Others ask for what they lack while something is on its way to the disk. */
  async #askAll({ mesh }: Life): Promise<void> {
    for (let turns = this.#seeded.draw(40); turns > 0; turns--) await Promise.resolve();
    for (const peer of OBSERVERS) mesh.ask(peer);
  }

  /** What the network would repeat: sessions come and go, others say things, time goes by. */
  async #chatter({ mesh, store, clock, settle }: Life): Promise<void> {
    const { draw, pick } = this.#seeded;
    const peer = pick(OBSERVERS);
    if (draw(2) === 0) mesh.part(peer);
    else mesh.meet(peer);
    store.applyEvents([event(BOB, BigInt(2 + draw(1_000)), network(`10.0.1.${draw(250)}`))]);
    await settle();
    mesh.ask(pick(OBSERVERS));
    clock.advance(pick([0, 100, 600, 11_000]));
    await settle();
  }

  /** Asks for a change and notes what became of it. */
  async #promise<K, V>(
    { files }: Life,
    facts: Facts<K, V>,
    subject: K,
    value: V | null | typeof ANY,
    act: () => Promise<unknown>,
  ): Promise<void> {
    facts.ask(subject, value);
    try {
      const result = await act();
      if (files.hasCrashed) return;
      facts.acknowledge(subject, value === ANY ? result as V : value as V | null);
    } catch (thrown) {
      demandDiskError(thrown);
    }
  }
}

const FULL = systemError("ENOSPC");
const BROKEN = systemError("EIO");

/** The only failure there is reason for. */
function demandDiskError(thrown: unknown): void {
  if (!(thrown instanceof PollenError) || thrown.code !== "io") throw thrown;
}
