// What people do on the machines of a run, and what they were promised by it: services, forwards,
// revocations. A promise outlives every crash.

import { ok } from "node:assert/strict";
import { Facts } from "../durability/facts.ts";
import type { Life, Machine } from "./machine.ts";
import type { World } from "./world.ts";

const NAMES = ["api", "db", "web"];
const REMOTE_PORTS = [80, 443];

interface Promised {
  readonly services: Facts<string, number>;
  /** By peer and port. */
  readonly forwards: Facts<string, true>;
  /** The life in which something is asked for that was not answered. */
  waitsIn: Life | null;
}

export class Users {
  readonly #world: World;
  readonly #promised = new Map<Machine, Promised>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Somebody may want something. */
  next(): void {
    const { seeded: { draw, pick }, machines, note } = this.#bound();
    const machine = pick(machines);
    const { life } = machine;
    if (draw(2) === 0 || life === null || !machine.isUp) return;
    const promised = this.#of(machine);
    if (promised.waitsIn === life) return;
    const name = pick(NAMES);
    const port = 8_000 + draw(3);
    const peer = pick(machines.filter((other) => other !== machine));
    const remotePort = pick(REMOTE_PORTS);
    const forward = `${peer.key}:${remotePort}`;
    switch (draw(8)) {
      case 0:
      case 1:
      case 2:
        note(`${machine.name} serves ${name} at ${port}`);
        return this.#ask(
          promised,
          life,
          promised.services,
          name,
          port,
          () => life.node.registerService(port, name),
        );
      case 3:
      case 4:
        if (!life.store.localServices().has(name)) return;
        note(`${machine.name} takes ${name} back`);
        return this.#ask(
          promised,
          life,
          promised.services,
          name,
          null,
          () => life.node.unregisterService({ name }),
        );
      case 5:
      case 6:
        note(`${machine.name} forwards to ${remotePort} of ${peer.name}`);
        return this.#ask(
          promised,
          life,
          promised.forwards,
          forward,
          true,
          () => life.node.connectService(peer.key, remotePort, 0),
        );
      default:
        if (draw(2) === 0) return this.#revoke();
        note(`${machine.name} forwards no more to ${remotePort} of ${peer.name}`);
        return this.#ask(
          promised,
          life,
          promised.forwards,
          forward,
          null,
          () => life.node.disconnectService({ peer: peer.key, remotePort }),
        );
    }
  }

  /** Demands what was promised. */
  check(): void {
    const members = this.#world.members;
    for (const machine of members) {
      const { store, tunnels } = machine.life!;
      const { services, forwards } = this.#of(machine);
      const served = store.localServices();
      for (const name of services.subjects) {
        services.observe(name, served.get(name)?.port ?? null);
      }
      const live = new Set(
        tunnels.listConnections().map(({ peerId, remotePort }) => `${peerId}:${remotePort}`),
      );
      for (const forward of forwards.subjects) {
        const isMember = members.some(({ key }) => forward.startsWith(key));
        if (isMember) forwards.observe(forward, live.has(forward) ? true : null);
        // Of what is lost over pollen/1 nobody can know, be it a revocation.
        else if (!machine.isOld) {
          ok(!live.has(forward), `${machine.name} forwards to a revoked node`);
        }
      }
    }
  }

  #ask<K, V>(
    promised: Promised,
    life: Life,
    facts: Facts<K, V>,
    subject: K,
    value: V | null,
    act: () => Promise<unknown>,
  ): void {
    promised.waitsIn = life;
    facts.ask(subject, value);
    act().then(() => facts.acknowledge(subject, value), () => {})
      .finally(() => promised.waitsIn = null);
  }

  /** At most one machine of a run loses its membership. */
  #revoke(): void {
    const { seeded: { draw, pick }, machines, note } = this.#bound();
    const [root, ...others] = machines as [Machine, ...Machine[]];
    const { truth } = this.#world;
    if (truth.promisedRevocations.size > 0 || !root.isUp || draw(2) === 0) return;
    const subject = pick(others);
    note(`${subject.name} is revoked`);
    const promised = new Set<Machine["key"]>();
    truth.promisedRevocations.set(root.key, promised);
    void root.life!.node.revokePeer(this.#world.revocationOf(subject))
      .then(() => void promised.add(subject.key));
  }

  #of(machine: Machine): Promised {
    const known = this.#promised.get(machine);
    if (known !== undefined) return known;
    const promised: Promised = {
      services: new Facts(`service of ${machine.name}`),
      forwards: new Facts(`forward of ${machine.name}`),
      waitsIn: null,
    };
    this.#promised.set(machine, promised);
    return promised;
  }

  #bound() {
    const { seeded, machines } = this.#world;
    return { seeded, machines, note: (what: string) => this.#world.note(what) };
  }
}
