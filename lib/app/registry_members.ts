// The machines of the network among the nodes of a registry that runs beside this one's node: those
// that are online are heard, this one first. What only they themselves know (their names and
// capabilities) they tell the network.

import type { NodeService } from "../node/mod.ts";
import { NodeStatus, type NodeSummary } from "../proto/mod.ts";
import type { Machine, Registry } from "../registry/mod.ts";
import { type Clock, errorText, type Log, peerKeyFromBytes, shortPeerKey } from "../types/mod.ts";

/** Between two looks, in milliseconds: far below the age at which a node is stale. */
const LOOK_MS = 2_000;

/** What it works with. */
export interface RegistryMembersDeps {
  readonly registry: Registry;
  readonly service: Pick<NodeService, "getStatus">;
  /** What a machine has told of itself, by its key; null for nothing. */
  machineOf(key: string): Machine | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells the registry of the members; disposing of it ends that. */
export class RegistryMembers implements Disposable {
  readonly #deps: RegistryMembersDeps;
  readonly #told = new Map<string, string>();
  #isOver = false;
  #stop = () => {};

  constructor(deps: RegistryMembersDeps) {
    this.#deps = deps;
    void this.#look();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#stop();
  }

  async #look(): Promise<void> {
    const { service, clock, log } = this.#deps;
    try {
      const { self, nodes } = await service.getStatus();
      if (self !== undefined) await this.#tell(self);
      for (const node of nodes) {
        // Whoever is reached over a carrier is as online as others.
        if (node.status !== NodeStatus.OFFLINE) await this.#tell(node);
      }
    } catch (thrown) {
      log.debug("the registry was not told of the members", { error: errorText(thrown) });
    }
    if (!this.#isOver) this.#stop = clock.setTimer(LOOK_MS, () => void this.#look());
  }

  async #tell({ node }: NodeSummary): Promise<void> {
    if (node === undefined || this.#isOver) return;
    const { registry, machineOf } = this.#deps;
    const id = peerKeyFromBytes(node.peerId);
    const { hostname, capabilities } = machineOf(id) ?? { hostname: "", capabilities: null };
    const words = JSON.stringify([hostname, capabilities]);
    if (this.#told.get(id) === words && await registry.heard(id)) return;
    await registry.register({
      id,
      kind: "member",
      hostname: hostname || shortPeerKey(id),
      agentAddress: "",
      capabilities,
      source: "",
      owner: "",
    });
    this.#told.set(id, words);
  }
}
