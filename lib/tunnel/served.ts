// The serving side of tunnels: which local ports peers may reach, and the bridges that run to them.

import {
  type Bridge,
  type Forwarder,
  type IncomingStream,
  isPort,
  type Log,
  type PeerKey,
  type Stream,
  type TcpTarget,
} from "../types/mod.ts";

/** What a served port of this machine is dialled at, in this order. */
const LOOPBACK = ["127.0.0.1", "::1"] as const;

/** The most tunnels into this machine at the same time; beyond them new ones are reset. */
const BRIDGES_MAX = 16_384;

export class ServedPorts {
  readonly #forwarder: Forwarder;
  readonly #log: Log;
  readonly #bridges = new Map<number, Set<Bridge>>();
  #bridgeCount = 0;

  constructor(forwarder: Forwarder, log: Log) {
    this.#forwarder = forwarder;
    this.#log = log;
  }

  /** Lets peers reach the port. Nothing happens when they may already. */
  register(port: number): void {
    if (!this.#bridges.has(port)) this.#bridges.set(port, new Set());
  }

  has(port: number): boolean {
    return this.#bridges.has(port);
  }

  /** Shuts the port to peers and cuts the tunnels to it; false when it was not served. */
  unregister(port: number): boolean {
    const bridges = this.#bridges.get(port);
    if (bridges === undefined) return false;
    this.#bridges.delete(port);
    for (const bridge of bridges) bridge.abort();
    return true;
  }

  /** Joins a peer's stream with the port that its head names, or resets it. */
  serve({ peer, stream }: IncomingStream): void {
    const port = servicePort(stream);
    const bridges = port === null ? undefined : this.#bridges.get(port);
    if (port === null || bridges === undefined) {
      this.#refuse(
        peer,
        stream,
        port === null ? "no service port in stream header" : `port ${port} is not served`,
      );
      return;
    }
    if (this.#bridgeCount >= BRIDGES_MAX) {
      this.#refuse(peer, stream, `${BRIDGES_MAX} tunnels are open already`);
      return;
    }
    const targets = LOOPBACK.map((ip): TcpTarget => ({ ip, port }));
    const bridge = this.#forwarder.bridgeToTcp(stream, targets);
    bridges.add(bridge);
    this.#bridgeCount++;
    void bridge.ended.then((end) => {
      bridges.delete(bridge);
      this.#bridgeCount--;
      if (end.kind === "unreachable_target") {
        this.#log.warn("a served port does not answer", { peer, port, reason: end.reason });
      } else {
        this.#log.debug("tunnel ended", { peer, port, kind: end.kind, reason: end.reason });
      }
    });
  }

  /** Cuts every tunnel and serves nothing any more. */
  close(): void {
    for (const port of [...this.#bridges.keys()]) this.unregister(port);
  }

  #refuse(peer: PeerKey, stream: Stream, reason: string): void {
    stream.abort();
    this.#log.warn("refused a tunnel", { peer, reason });
  }
}

/** The port in the stream's head; null when there is none. */
function servicePort(stream: Stream): number | null {
  const [high, low] = stream.head;
  if (high === undefined || low === undefined) return null;
  const port = high << 8 | low;
  return isPort(port) ? port : null;
}

/** The head of a stream to that port: two bytes, big-endian. */
export function streamHead(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}
