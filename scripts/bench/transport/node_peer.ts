// A whole node in a process whose JavaScript can be made to stand still.

import { type OpenedNode, openNode, parsePeerKey, type PeerKey } from "../../../mod.ts";
import { type Calls, serveCalls } from "./calls.ts";

let opened: OpenedNode;
let blocking: ReturnType<typeof setInterval> | undefined;
const never = new Int32Array(new SharedArrayBuffer(4));

const calls = {
  async start(dir: string, ip: string): Promise<{ key: PeerKey; port: number }> {
    opened = await openNode({ dir, listenIp: ip, port: 0, ips: [ip] });
    void opened.node.start(new AbortController().signal);
    await opened.node.ready;
    return { key: opened.identity.peerKey, port: opened.node.listenPort };
  },
  peers: (): PeerKey[] => opened.node.getConnectedPeers(),
  serve: (port: number): Promise<void> => opened.node.registerService(port, String(port)),
  connect: (peer: string, port: number): Promise<number> =>
    opened.node.connectService(parsePeerKey(peer), port, 0),
  /** Stops this thread for so many milliseconds of each period, without using the processor. */
  block(ms: number, periodMs: number): void {
    blocking = setInterval(() => void Atomics.wait(never, 0, 0, ms), periodMs);
  },
  unblock: (): void => clearInterval(blocking),
} satisfies Calls;

export type NodeCalls = typeof calls;

await serveCalls(calls);
