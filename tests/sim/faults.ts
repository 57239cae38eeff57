// What goes wrong in a run, one thing after the other, as the seed says.

import { DAY_MS } from "../unit/auth/fixtures.ts";
import type { Machine } from "./machine.ts";
import { FINE } from "./network.ts";
import type { World } from "./world.ts";

const HOUR_MS = 3_600_000;

export class Faults {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** The next fault, or the end of one. */
  async next(): Promise<void> {
    const { seeded: { draw, pick }, machines } = this.#world;
    const machine = pick(machines);
    switch (draw(12)) {
      case 0:
        return this.#partition();
      case 1:
      case 2:
        return this.#cut(machine, pick(machines));
      case 3:
        // Long enough apart that sessions die of it.
        if (draw(4) > 0) return this.#cut(machine, pick(machines));
        this.#world.network.mendAll();
        return this.#world.note("all ways are open");
      case 4:
        return this.#weather();
      case 5:
      case 6:
        return await this.#crash(machine);
      case 7:
        return await this.#restart(machine);
      case 8:
        return this.#suspend(machine);
      case 9:
        machine.wallErrorMs = pick([0, 0, -2 * HOUR_MS, 2 * HOUR_MS, 400 * DAY_MS, -400 * DAY_MS]);
        return this.#world.note(`the clock of ${machine.name} is off by ${machine.wallErrorMs} ms`);
      case 10:
        machine.diskMs = pick([0, 10, 300, 3_000]);
        return this.#world.note(`a step of the disk of ${machine.name} takes ${machine.diskMs} ms`);
      default:
        if (draw(2) === 0) this.#wake();
    }
  }

  /** Two halves; perhaps one can still talk and not hear. */
  #partition(): void {
    const { seeded: { draw }, machines, network } = this.#world;
    const isOneWay = draw(3) === 0;
    const here = new Set(machines.filter(() => draw(2) === 0));
    for (const one of machines) {
      for (const other of machines) {
        if (!here.has(one) || here.has(other)) continue;
        network.cut(one.ip, other.ip);
        if (!isOneWay) network.cut(other.ip, one.ip);
      }
    }
    const names = [...here].map(({ name }) => name).join(", ");
    this.#world.note(`${names}: cut off from the rest${isOneWay ? ", one way" : ""}`);
  }

  #cut(one: Machine, other: Machine): void {
    const { seeded: { draw }, network } = this.#world;
    if (one === other) return;
    const isOneWay = draw(2) === 0;
    network.cut(one.ip, other.ip);
    if (!isOneWay) network.cut(other.ip, one.ip);
    this.#world.note(`${one.name} does not reach ${other.name}${isOneWay ? "" : ", nor back"}`);
  }

  #weather(): void {
    const { seeded: { pick }, network } = this.#world;
    network.weather = pick([
      FINE,
      { latencyMs: 150, jitterMs: 50, loss: 0.05, duplication: 0.02, delay: 0.05 },
      { latencyMs: 20, jitterMs: 5, loss: 0.3, duplication: 0, delay: 0 },
      { latencyMs: 5, jitterMs: 0, loss: 0, duplication: 0.3, delay: 0.5 },
      { latencyMs: 700, jitterMs: 300, loss: 0.1, duplication: 0.1, delay: 0.1 },
    ]);
    this.#world.note(`weather: ${JSON.stringify(network.weather)}`);
  }

  async #crash(machine: Machine): Promise<void> {
    if (machine.life === null) {
      this.#world.note(`${machine.name} starts`);
      return await machine.start();
    }
    const kind = this.#world.seeded.pick(["kill", "power"] as const);
    this.#world.note(`${machine.name} crashes: ${kind}`);
    machine.crash(kind);
  }

  async #restart(machine: Machine): Promise<void> {
    if (machine.life === null) return await this.#crash(machine);
    if (this.#world.seeded.draw(2) === 0) {
      this.#world.note(`${machine.name} is told to stop`);
      machine.life.ending.abort();
      return;
    }
    this.#world.note(`${machine.name} crashes and starts again`);
    machine.crash("kill");
    await machine.start();
  }

  #suspend(machine: Machine): void {
    if (!machine.isUp) return;
    this.#world.note(`${machine.name} sleeps`);
    machine.suspend();
  }

  #wake(): void {
    for (const machine of this.#world.machines) {
      if (machine.life?.process.isStopped) this.#world.note(`${machine.name} wakes up`);
      machine.resume();
    }
  }
}
