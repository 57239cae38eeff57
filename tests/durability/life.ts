// One run of a node's process on a model file system: opened as a real one is, wired to the real
// store, saver, services, forwards, invites and signer.

import { setImmediate } from "node:timers";
import { authorityOf } from "../../lib/app/authority.ts";
import {
  type AdminSigner,
  genIdentityKey,
  type IdentityKey,
  initRoot,
  InviteRedeemer,
  loadAdminSigner,
  type NodeCredentials,
} from "../../lib/auth/mod.ts";
import { Config, ConsumedInvites } from "../../lib/config/mod.ts";
import { FileDisk } from "../../lib/host/mod.ts";
import { Node } from "../../lib/node/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { Manager } from "../../lib/tunnel/mod.ts";
import { type Random, silentLog, type WallMs } from "../../lib/types/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { ModelFiles } from "../support/model_files.ts";
import { modelFlows, modelForwarder } from "../support/model_forwarder.ts";
import { ModelMesh, type Observer } from "./model_mesh.ts";

export const DIR = "/home/state";

/** What a process is started with. */
export interface Start {
  readonly files: ModelFiles;
  readonly random: Random;
  readonly now: WallMs;
  /** Ports of this machine that other programs have. */
  readonly taken: ReadonlySet<number>;
  readonly observers: readonly Observer[];
}

export interface Founded {
  readonly identity: IdentityKey;
  readonly credentials: NodeCredentials;
}

/** `pollen init`: a key and a network, or those that are there. */
export async function found({ files, random, now }: Start): Promise<Founded> {
  const disk = new FileDisk(files);
  const identity = await genIdentityKey(disk, DIR, random);
  const { credentials } = await initRoot(disk, DIR, identity, { now, random });
  return { identity, credentials };
}

/** A node that runs. */
export class Life {
  private constructor(
    readonly files: ModelFiles,
    readonly disk: FileDisk,
    readonly clock: FakeClock,
    readonly mesh: ModelMesh,
    readonly store: Store,
    readonly tunnels: Manager,
    readonly node: Node,
    readonly signer: AdminSigner,
    readonly redeemer: InviteRedeemer,
    readonly founded: Founded,
  ) {}

  /** `pollen up`. */
  static async open(start: Start): Promise<Life> {
    const { files, random, now, observers } = start;
    const disk = new FileDisk(files);
    const founded = await found(start);
    const { identity: { peerKey: local }, credentials } = founded;
    const config = await Config.load(disk, DIR);
    const clock = new FakeClock(now);
    const authority = authorityOf(founded.identity, credentials, clock);
    const store = await Store.load(disk, DIR, local, authority);
    const signer = await loadAdminSigner(disk, DIR, credentials, { now, random });
    const consumed = await ConsumedInvites.load(disk, DIR, now);
    const redeemer = new InviteRedeemer(signer!, consumed);

    const mesh = new ModelMesh(observers, () => files.hasCrashed);
    let port = 40_000;
    const forwarder = modelForwarder(start.taken, () => ++port);
    const flows = modelFlows(start.taken, () => ++port);
    const tunnels = Manager.create({ transport: mesh, forwarder, flows, clock, log: silentLog });
    const node = Node.create({
      local,
      mesh,
      tunnels,
      store,
      clock,
      random,
      log: silentLog,
      machineAddresses: () => ["10.0.0.1"],
      resolve: () => Promise.resolve([]),
    }, { bootstrapPeers: config.bootstrapPeers });
    void node.start(new AbortController().signal);
    await node.ready;
    return new Life(
      files,
      disk,
      clock,
      mesh,
      store,
      tunnels,
      node,
      signer!,
      redeemer,
      founded,
    );
  }

  /** `pollen join` of this node's own network adds where to find it: only the configuration counts here. */
  async rememberPeer(peerPub: Uint8Array, address: string): Promise<void> {
    const config = await Config.load(this.disk, DIR);
    config.rememberBootstrapPeer({ peerPub, addrs: [address] });
    await config.save(this.disk, DIR);
  }

  /** Lets everything that needs no time come to rest. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
