// A whole node in the test's process: the real engine on loopback, the real store on a disk in
// memory. Its own time stands until the test moves it.

import { authorityOf } from "../../../lib/app/authority.ts";
import { RenewableMembership } from "../../../lib/app/renewable_membership.ts";
import { type AdminSigner, SignedTimes } from "../../../lib/auth/mod.ts";
import { writeCredentials } from "../../../lib/auth/credentials_files.ts";
import { systemRandom } from "../../../lib/host/mod.ts";
import { type Config, Node, NodeService } from "../../../lib/node/mod.ts";
import { Store } from "../../../lib/store/mod.ts";
import { Manager } from "../../../lib/tunnel/mod.ts";
import {
  ExceededLimits,
  isIpLiteral,
  joinHostPort,
  type Log,
  type LogFields,
  type PeerKey,
  splitHostPort,
} from "../../../lib/types/mod.ts";
import { inTime, type Member, TestMesh, TestNetwork } from "../../mesh/support.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { DAY_MS, NOW } from "../auth/fixtures.ts";

export const network = await TestNetwork.found();
export const DIR = "/state";

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: LogFields;
}

interface Parts {
  readonly at: TestMesh;
  readonly store: Store;
  readonly tunnels: Manager;
  readonly node: Node;
  readonly service: NodeService;
  readonly clock: FakeClock;
  readonly disk: MemoryDisk;
  readonly lines: LogLine[];
}

export interface RunOptions extends Partial<Config> {
  readonly disk?: MemoryDisk;
  readonly signer?: AdminSigner | null;
}

export class RunningNode implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #unread: LogLine[];
  #logged = () => {};

  private constructor(readonly parts: Parts, readonly key: PeerKey) {
    this.#unread = parts.lines;
    this.#running = parts.node.start(this.#stop.signal);
  }

  static async start(member: Member, options: RunOptions = {}): Promise<RunningNode> {
    const { disk = new MemoryDisk(), signer = null, ...config } = options;
    const { key, credentials } = member;
    await writeCredentials(disk, DIR, credentials);
    const clock = new FakeClock(NOW);
    const lines: LogLine[] = [];
    let onLine = () => {};
    const note = (level: LogLine["level"]) => (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields });
      onLine();
    };
    const log: Log = { debug() {}, info: note("info"), warn: note("warn"), error: note("error") };
    const limits = new ExceededLimits(log, clock);
    const store = await Store.load(
      disk,
      DIR,
      key,
      authorityOf(member.identity, credentials, clock),
      limits,
    );
    const at = await TestMesh.open(member, {
      limits,
      isRevoked: (peer) => store.isSubjectRevoked(peer),
    });
    const { mesh } = at;
    const { forwarder, flows } = at.engine;
    const tunnels = Manager.create({ transport: mesh, forwarder, flows, clock, log });
    const memberships = new RenewableMembership({
      disk,
      dir: DIR,
      identity: member.identity,
      credentials,
      mesh,
      signer,
      ttlMs: 365 * DAY_MS,
      signedTimes: new SignedTimes(credentials.cert),
      clock,
      log,
    });
    const node = Node.create({
      local: key,
      mesh,
      tunnels,
      store,
      clock,
      random: systemRandom,
      log,
      limits,
      memberships,
      machineAddresses: () => ["127.0.0.1"],
      resolve: (texts) =>
        Promise.resolve(
          texts.map(splitHostPort).map(({ host, port }) => ({ ip: host, port }))
            .filter(({ ip }) => isIpLiteral(ip)),
        ),
    }, config);
    const service = NodeService.create({
      node,
      local: key,
      mesh,
      store,
      tunnels,
      certificate: () => memberships.own(),
      limits,
      signer,
      clock,
      shutdown: () => running.#stop.abort(),
    });
    const parts = { at, store, tunnels, node, service, clock, disk, lines };
    const running: RunningNode = new RunningNode(parts, key);
    onLine = () => running.#logged();
    await inTime(node.ready, "the node");
    return running;
  }

  get address(): string {
    return joinHostPort("127.0.0.1", this.parts.at.address.port);
  }

  /** How others find this node. */
  get bootstrap() {
    return { peerKey: this.key, addrs: [this.address] };
  }

  /** Takes the first line of the log that says this, or waits for it. */
  async until(message: string): Promise<LogLine> {
    while (true) {
      const at = this.#unread.findIndex((line) => line.message === message);
      if (at >= 0) return this.#unread.splice(at, 1)[0]!;
      await inTime(new Promise<void>((resolve) => this.#logged = resolve), `"${message}"`);
    }
  }

  /** Waits until the state is as wanted; asked after each change of it. */
  async untilState(isSo: (store: Store) => boolean, what: string): Promise<void> {
    const { store } = this.parts;
    while (!isSo(store)) {
      let unwatch = () => {};
      await inTime(
        new Promise<void>((resolve) => unwatch = store.onDirty(() => resolve())),
        what,
      );
      unwatch();
    }
  }

  /** Ends the node and waits for its end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await inTime(this.#running, "the end of the node");
  }

  /** Waits for an end that somebody else asked for. */
  async ended(): Promise<void> {
    await inTime(this.#running, "the end of the node");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** The root's node and a member that found it. */
export async function startTwo(): Promise<[root: RunningNode, member: RunningNode]> {
  const root = await RunningNode.start(network.founder, { signer: network.root.signer });
  const member = await RunningNode.start(await network.member(20), {
    bootstrapPeers: [root.bootstrap],
  });
  await root.until("peer connected");
  await member.until("peer connected");
  return [root, member];
}
