// What a node does again and again, each at its own pause: it looks whom to dial, tells what it knows,
// asks where it is, and judges its peers' memberships anew.

import { type Tasks, uncounted } from "../types/mod.ts";
import type { AnnouncedLinks } from "./announced_links.ts";
import type { EventLoop } from "./event_loop.ts";
import type { Forwards } from "./forwards.ts";
import type { OwnAddresses } from "./own_addresses.ts";
import type { Renewals } from "./renewals.ts";
import type { Config, NodeDeps } from "./wiring.ts";

/**
 * How often the machine is asked for its addresses: a laptop moves, and whoever talks to it waits
 * until it notices. Asking takes 0.2 ms.
 */
const ADDRESS_REFRESH_MS = 2_000;

/** How often the names are looked up that the owner gave for this node: such names move. */
const NAMES_REFRESH_MS = 60_000;

/** How often the memberships of connected peers are looked at again: they end while sessions live on. */
const RECHECK_MS = 5 * 60 * 1000;

/** How often a node that signs looks which memberships are due: all that last a minute and a half are met. */
const RENEWALS_MS = 10_000;

/** How often the engine is asked how many attempts to reach us it turned away. */
const ATTEMPTS_MS = 60_000;

export interface RoundsDeps extends Pick<NodeDeps, "mesh" | "clock" | "random" | "log" | "limits"> {
  readonly config: Config;
  readonly tasks: Tasks;
  readonly loop: Pick<EventLoop, "step" | "announceAgents">;
  readonly addresses: Pick<OwnAddresses, "refresh" | "refreshNames">;
  readonly forwards: Pick<Forwards, "live">;
  readonly links: AnnouncedLinks;
  /** Null where no membership is renewed. */
  readonly renewals: Pick<Renewals, "look"> | null;
}

export class Rounds {
  readonly #deps: RoundsDeps;
  #stopTimers: readonly (() => void)[] = [];
  /** Attempts that were turned away when that was last looked at. */
  #turnedAway = 0;

  constructor(deps: RoundsDeps) {
    this.#deps = deps;
  }

  /** Begins them all; the first of each comes after its pause. */
  start(): void {
    const { mesh, config, tasks, addresses, renewals } = this.#deps;
    this.#stopTimers = [
      this.#every(() => config.peerTickIntervalMs, () => this.tick()),
      this.#every(() => this.#gossipPause(), () => this.#gossip()),
      this.#every(() => ADDRESS_REFRESH_MS, () => addresses.refresh()),
      this.#every(() => RECHECK_MS, () => mesh.recheckPeers()),
      this.#every(() => RENEWALS_MS, () => renewals?.look()),
      this.#every(() => NAMES_REFRESH_MS, () => tasks.run(addresses.refreshNames())),
      this.#every(() => ATTEMPTS_MS, () => this.#countTurnedAway()),
    ];
  }

  /** Ends them all. */
  stop(): void {
    for (const stop of this.#stopTimers) stop();
  }

  /** Looks whom to dial, and what else is due. */
  tick(): void {
    const { mesh, loop, forwards } = this.#deps;
    loop.step({ kind: "carriedBytes", passed: mesh.carriedBytes() });
    loop.step({ kind: "tick", liveForwards: forwards.live() });
  }

  /**
   * Timers stand still while the machine sleeps, and come late by as much: what the long ones are
   * for is done at once.
   */
  resumed(sleptMs: number): void {
    const { log, mesh, loop, addresses } = this.#deps;
    log.info("nothing ran for a while: this machine slept, or the process was stopped", {
      sleptMs,
    });
    mesh.recheckPeers();
    mesh.shakePaths();
    addresses.refresh();
    loop.step({ kind: "resumed" });
    this.#gossip();
  }

  /** Handshakes are refused by the engine's thread, which keeps their number. */
  #countTurnedAway(): void {
    const { mesh, limits = uncounted } = this.#deps;
    const { attemptsRefused, attemptsDropped } = mesh.engineStats();
    const turnedAway = attemptsRefused + attemptsDropped;
    if (turnedAway > this.#turnedAway) limits.count("handshakes", turnedAway - this.#turnedAway);
    this.#turnedAway = turnedAway;
  }

  #gossip(): void {
    const { loop, links } = this.#deps;
    loop.announceAgents(links.look());
    loop.step({ kind: "gossipTick" });
  }

  #gossipPause(): number {
    const { config, random } = this.#deps;
    const { gossipIntervalMs, gossipJitter, disableGossipJitter } = config;
    if (disableGossipJitter) return gossipIntervalMs;
    return gossipIntervalMs * (1 + gossipJitter * (2 * random.uniform() - 1));
  }

  /** Calls `act` again and again, the pause asked for each time. The result ends it. */
  #every(pauseMs: () => number, act: () => void): () => void {
    let cancel = () => {};
    const schedule = () => {
      cancel = this.#deps.clock.setTimer(pauseMs(), () => {
        schedule();
        act();
      });
    };
    schedule();
    return () => cancel();
  }
}
