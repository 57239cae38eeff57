// Real pollen processes at sites of the lab, in one network whose root is on the Internet itself: the
// one through which the others hear of each other.

import {
  Daemon,
  type Place,
  pollenOk,
  TemporaryFolder,
  until,
} from "../../../scripts/support/pollen_process.ts";
import { type Status, status } from "../../e2e/support/network.ts";
import type { Lab, Site } from "./topology.ts";

/** A node and where it is. */
export interface LabNode {
  readonly site: Site;
  readonly place: Place;
  readonly daemon: Daemon;
  readonly key: string;
}

/** The port of the root: what a token names outlives a restart. */
const ROOT_PORT = 60_611;

/** A node behind a strict router keeps one for each behind a moderate one, of which there are two at most. */
const OWN_SOCKETS_MAX = 2;

export class Network implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    readonly folder: TemporaryFolder,
    readonly root: LabNode,
  ) {
    this.#stack = stack;
  }

  /** A network of a root alone, which is told so at its start. */
  static async make(lab: Lab, args: readonly string[] = []): Promise<Network> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TemporaryFolder.make());
    const site = await lab.host({ families: "both" });
    const place = { dir: await folder.folder("root"), prefix: site.prefix };
    await pollenOk(place, ["init"]);
    const daemon = stack.use(await Daemon.up(place, ["--port", String(ROOT_PORT), ...args]));
    const root = { site, place, daemon, key: (await status(place)).self.key };
    return new Network(stack.move(), folder, root);
  }

  /** One more member, which does not run. */
  async join(site: Site, name: string): Promise<Place> {
    const dir = await this.folder.folder(name);
    const place = { dir, prefix: site.prefix, ownSockets: OWN_SOCKETS_MAX };
    await pollenOk(place, ["join", "--no-start", await pollenOk(this.root.place, ["invite"])]);
    return place;
  }

  /** One more member that is connected with the root. */
  async add(site: Site, name: string, args: readonly string[] = []): Promise<LabNode> {
    const place = await this.join(site, name);
    const daemon = this.#stack.use(await Daemon.up(place, args));
    await daemon.waitForLog(/peer connected/);
    return { site, place, daemon, key: (await status(place)).self.key };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** What `status` says of another node, as far as the lab looks. */
export type PeerStatus = Status["peers"][number] & {
  readonly address: string | null;
  readonly path: { readonly carrier: string | null; readonly packetsSent: number } | null;
};

/** What `status` of the one says of the other; null while it does not know it. */
export async function peerAt(one: LabNode, other: LabNode): Promise<PeerStatus | null> {
  const { peers } = await status(one.place);
  return (peers.find(({ key }) => key === other.key) as never) ?? null;
}

/** Waits until both say that the other is there, directly; where the one sees the other. */
export function untilOnline(one: LabNode, other: LabNode, timeoutMs: number) {
  return untilBothSee(one, other, ({ status }) => status === "online", timeoutMs);
}

/** Waits until both say that the other is reached over a relay, through this node if one is given. */
export function untilRelayed(
  one: LabNode,
  other: LabNode,
  timeoutMs: number,
  carrier?: { readonly key: string },
) {
  const isIt = ({ status, path }: PeerStatus) =>
    status === "relay" && (carrier === undefined || path?.carrier === carrier.key);
  return untilBothSee(one, other, isIt, timeoutMs);
}

async function untilBothSee(
  one: LabNode,
  other: LabNode,
  isIt: (peer: PeerStatus) => boolean,
  timeoutMs: number,
) {
  const sees = (a: LabNode, b: LabNode) => async () => {
    const peer = await peerAt(a, b);
    return peer !== null && isIt(peer) ? peer : null;
  };
  await until("the other sees the one", sees(other, one), timeoutMs);
  return await until("the one sees the other", sees(one, other), timeoutMs);
}

/** The sessions of these two that ended. */
export function sessionsLost(one: LabNode, other: LabNode): string[] {
  return [[one, other] as const, [other, one] as const].flatMap(([at, of]) =>
    at.daemon.log.filter((line) => /peer disconnected/.test(line) && line.includes(of.key))
  );
}
