// Where the two processes run: on one host, over loopback, or on two, over a link.

import { command, HostPair } from "../../support/namespaces.ts";

/** One end of a place. */
export interface Side {
  readonly ip: string;
  /** Put before a command, it runs there. */
  readonly prefix: readonly string[];
}

export interface Place extends AsyncDisposable {
  readonly client: Side;
  readonly server: Side;
}

export function loopback(): Place {
  const side = { ip: "127.0.0.1", prefix: [] };
  return { client: side, server: side, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The MTU of Ethernet, in bytes. */
const MTU = 1_500;

/**
 * Two network namespaces. The link cuts everything into packets of its MTU, as a real one does,
 * instead of carrying trains whole.
 */
export async function twoHosts(): Promise<Place> {
  const hosts = await HostPair.make(MTU);
  for (const { prefix } of [hosts.left, hosts.right]) {
    await command([...prefix, "ethtool", "-K", "eth0", "tso", "off", "gso", "off"]);
  }
  return {
    client: hosts.left,
    server: hosts.right,
    [Symbol.asyncDispose]: () => hosts[Symbol.asyncDispose](),
  };
}
