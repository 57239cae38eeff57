// Nodes that come into their network again and again, in a process of their own.

import { joinNetwork, openNode } from "../../../mod.ts";
import { until } from "../../support/pollen_process.ts";
import { type Calls, serveCalls } from "../transport/calls.ts";

const calls = {
  /** Makes a node of a state folder, by a token or an invite. */
  async join(dir: string, token: string): Promise<void> {
    await joinNetwork({ dir, token, signal: new AbortController().signal });
  },
  /** Starts the node and ends it again; seconds until it was connected, null if not in time. */
  async meet(dir: string, timeoutMs: number): Promise<number | null> {
    await using opened = await openNode({ dir });
    const end = new AbortController();
    const start = performance.now();
    const running = opened.node.start(end.signal);
    const isThere = () => Promise.resolve(opened.node.getConnectedPeers().length > 0 || null);
    const seconds = await until("the node is connected", isThere, timeoutMs)
      .then(() => (performance.now() - start) / 1_000, () => null);
    end.abort();
    await running;
    return seconds;
  },
} satisfies Calls;

export type NewcomerCalls = typeof calls;

await serveCalls(calls);
