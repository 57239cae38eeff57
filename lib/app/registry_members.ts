// The machines of the network among the nodes of a registry that runs beside this one's node: those
// that are online are heard, this one first. What only they themselves know (their capabilities)
// is told of this machine alone.

import { hostname } from "node:os";
import { gatherCapabilities } from "../agent/mod.ts";
import type { NodeService } from "../node/mod.ts";
import { NodeStatus, type NodeSummary } from "../proto/mod.ts";
import type { Capabilities, Registry } from "../registry/mod.ts";
import { type Clock, errorText, type Log, peerKeyFromBytes, shortPeerKey } from "../types/mod.ts";

/** Between two looks, in milliseconds: far below the age at which a node is stale. */
const LOOK_MS = 2_000;

/** Between two looks at what this machine has. */
const GATHER_MS = 30_000;

/** What it works with. */
export interface RegistryMembersDeps {
  readonly registry: Registry;
  readonly service: NodeService;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells the registry of the members; disposing of it ends that. */
export class RegistryMembers implements Disposable {
  readonly #deps: RegistryMembersDeps;
  readonly #told = new Map<string, string>();
  #capabilities: Capabilities | null = null;
  #gatherAtMs = -Infinity;
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
      if (clock.monotonicNow() >= this.#gatherAtMs) {
        this.#gatherAtMs = clock.monotonicNow() + GATHER_MS;
        this.#capabilities = await gatherCapabilities();
      }
      if (self !== undefined) await this.#tell(self, hostname(), this.#capabilities);
      for (const node of nodes) {
        if (node.status === NodeStatus.ONLINE) await this.#tell(node, "", null);
      }
    } catch (thrown) {
      log.debug("the registry was not told of the members", { error: errorText(thrown) });
    }
    if (!this.#isOver) this.#stop = clock.setTimer(LOOK_MS, () => void this.#look());
  }

  async #tell(node: NodeSummary, name: string, capabilities: Capabilities | null): Promise<void> {
    if (node.node === undefined || this.#isOver) return;
    const { registry } = this.#deps;
    const id = peerKeyFromBytes(node.node.peerId);
    const words = JSON.stringify([name, capabilities]);
    if (this.#told.get(id) === words && await registry.heard(id)) return;
    await registry.register({
      id,
      kind: "member",
      hostname: name || shortPeerKey(id),
      agentAddress: "",
      capabilities,
      source: "",
      owner: "",
    });
    this.#told.set(id, words);
  }
}
