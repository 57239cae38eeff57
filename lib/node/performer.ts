// What the core decides, done: messages are sent, peers dialled, forwards and relays kept. What takes
// time runs beside the event loop, and what became of it goes back to the core as an input.

import type { PeerKey, SocketAddress, Tasks } from "../types/mod.ts";
import type { NodeCore } from "./core.ts";
import type { Dialer } from "./dialer.ts";
import type { Forwards } from "./forwards.ts";
import type { Punch } from "./punching.ts";
import { RelayDriver } from "./relay_driver.ts";
import type { Renewals } from "./renewals.ts";
import type { Sender } from "./sender.ts";
import type { NodeInput, NodeOutput } from "./steps.ts";
import type { NodeDeps } from "./wiring.ts";

/**
 * How long a peer may take to answer before carriers are asked for it: longer than a handshake takes
 * within a continent, and short for who waits.
 */
const RELAY_HEAD_START_MS = 300;
/** How much longer for each other dial that is under way: where many begin at once, none is answered at once. */
const RELAY_HEAD_START_MS_PER_DIAL = 50;
/** And so many times what a dial takes at present: on a busy machine none is answered sooner. */
const RELAY_HEAD_START_DIALS = 3;

export interface PerformerDeps extends Pick<NodeDeps, "local" | "mesh" | "clock" | "log"> {
  readonly core: Pick<NodeCore, "coordinate">;
  readonly dialer: Dialer;
  readonly forwards: Pick<Forwards, "restore" | "move">;
  readonly sender: Sender;
  /** Null where no membership is renewed. */
  readonly renewals: Pick<Renewals, "told" | "asked"> | null;
  readonly tasks: Tasks;
  /** Tells the core what became of it. */
  report(input: NodeInput): void;
}

export class Performer {
  readonly #deps: PerformerDeps;
  readonly #relays: RelayDriver;

  constructor(deps: PerformerDeps) {
    this.#deps = deps;
    this.#relays = new RelayDriver(deps);
  }

  perform(output: NodeOutput): void {
    const { mesh, log, forwards, sender, renewals, tasks } = this.#deps;
    switch (output.kind) {
      case "send":
        sender.send(output.peer, output.envelope);
        break;
      case "sendFrame":
        sender.sendFrame(output.peer, output.frame);
        break;
      case "connect":
        tasks.run(this.#connect(output.peer, output.addresses, output.names));
        break;
      case "closeSession":
        mesh.closePeerSession(output.peer, output.reason);
        break;
      case "restoreForward":
        tasks.run(forwards.restore(output.peer, output.remotePort, output.localPort));
        break;
      case "moveForward":
        tasks.run(forwards.move(output));
        break;
      case "punch":
        tasks.run(this.#punch(output));
        break;
      case "coordinatePunch":
        this.#coordinate(output.from, output.target);
        break;
      case "openRelay":
      case "closeRelay":
      case "carry":
      case "limitCarried":
      case "endCarried":
        tasks.run(this.#relays.perform(output));
        break;
      case "shakePaths":
        mesh.shakePaths();
        break;
      case "router":
        mesh.setBehindRouter(output.isThere);
        break;
      case "membershipTold":
        renewals?.told(output.peer, output.membership);
        break;
      case "renewalAsked":
        renewals?.asked(output.peer);
        break;
      case "log":
        log.info(output.message, output.fields);
        break;
    }
  }

  async #connect(
    peer: PeerKey,
    addresses: readonly SocketAddress[],
    names: readonly string[],
  ): Promise<void> {
    const { dialer, report } = this.#deps;
    const stopTimer = this.#afterHeadStart(() => report({ kind: "connectPending", peer }));
    const all = [...addresses, ...this.#relays.waysTo(peer)];
    const isConnected = await dialer.attempt(peer, all, names).finally(stopTimer);
    if (!isConnected) report({ kind: "connectFailed", peer });
  }

  /** Calls back when a dial that begins now takes long, for what goes on meanwhile. The result ends it. */
  #afterHeadStart(callback: () => void): () => void {
    const { clock, dialer } = this.#deps;
    const from = clock.monotonicNow();
    let stopTimer = () => {};
    const look = () => {
      const others = Math.max(0, dialer.running - 1);
      const headStartMs = RELAY_HEAD_START_MS + RELAY_HEAD_START_MS_PER_DIAL * others +
        RELAY_HEAD_START_DIALS * dialer.tookMs;
      const leftMs = from + headStartMs - clock.monotonicNow();
      if (leftMs > 0) stopTimer = clock.setTimer(leftMs, look);
      else callback();
    };
    look();
    return () => stopTimer();
  }

  async #punch(punch: Punch): Promise<void> {
    const { dialer, report } = this.#deps;
    const isConnected = await dialer.punch(punch);
    if (!isConnected) report({ kind: "connectFailed", peer: punch.peer });
  }

  #coordinate(from: PeerKey, target: PeerKey): void {
    const { core, mesh, clock } = this.#deps;
    const [one, other] = [from, target].map((peer) => ({
      peer,
      address: mesh.getActivePeerAddress(peer),
    }));
    const outputs = core.coordinate(clock.monotonicNow(), one!, other!);
    for (const output of outputs) this.perform(output);
  }
}
