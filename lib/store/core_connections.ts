// The forwards that should exist. A set with one rule: it is bounded, and a connection is in it once.

import {
  assert,
  comparePeerKeys,
  CONNECTIONS_MAX,
  isPort,
  isServicePort,
  type PeerKey,
  PollenError,
} from "../types/mod.ts";
import type { Connection } from "./records.ts";

/** What tells two desired connections apart: `peer:remotePort:localPort`. */
export function connectionKey({ peerId, remotePort, localPort }: Connection): string {
  return `${peerId}:${remotePort}:${localPort}`;
}

export class DesiredConnections {
  readonly #connections = new Map<string, Connection>();

  /** By peer, remote port, local port. */
  list(): Connection[] {
    return [...this.#connections.values()].sort((a, b) =>
      comparePeerKeys(a.peerId, b.peerId) || a.remotePort - b.remotePort ||
      a.localPort - b.localPort
    );
  }

  /**
   * Whether it was added, not there already.
   *
   * @throws {PollenError} `invalid_argument` for a port out of range, `exhausted` beyond the bound.
   */
  add(connection: Connection): boolean {
    const key = connectionKey(connection);
    if (this.#connections.has(key)) return false;
    if (!isServicePort(connection.remotePort) || !isPort(connection.localPort)) {
      throw new PollenError("invalid_argument", "A port is a number from 1 to 65535.");
    }
    if (this.#connections.size >= CONNECTIONS_MAX) {
      throw new PollenError(
        "exhausted",
        `This node keeps ${CONNECTIONS_MAX} connections at most.`,
        {
          fix: "Disconnect some that are no longer needed.",
        },
      );
    }
    this.#connections.set(key, connection);
    return true;
  }

  /** Removes those that match and says how many; port 0 matches any. */
  remove(peer: PeerKey, remotePort: number, localPort: number): number {
    assert(remotePort >= 0 && localPort >= 0, "a port is not negative");
    const sizeBefore = this.#connections.size;
    for (const [key, connection] of this.#connections) {
      if (
        connection.peerId === peer &&
        (remotePort === 0 || connection.remotePort === remotePort) &&
        (localPort === 0 || connection.localPort === localPort)
      ) this.#connections.delete(key);
    }
    return sizeBefore - this.#connections.size;
  }
}
