// Names to addresses, by this machine's own resolver, so that /etc/hosts and split DNS count.

import { lookup } from "node:dns/promises";
import {
  ADDRESSES_PER_NAME_MAX,
  isIpLiteral,
  isWay,
  type SocketAddress,
  splitHostPort,
} from "../types/mod.ts";

/** How long a name server may think. */
const LOOKUP_TIMEOUT_MS = 5_000;

/**
 * The socket addresses of `host:port` texts, in order; what is malformed, does not resolve or is of no
 * real machine (`isWay`) is left out.
 */
export async function resolveAddresses(texts: readonly string[]): Promise<SocketAddress[]> {
  const resolved = await Promise.all(texts.map(resolveOne));
  return resolved.flat().filter((address) => !isWay(address));
}

async function resolveOne(text: string): Promise<SocketAddress[]> {
  try {
    const { host, port } = splitHostPort(text);
    if (isIpLiteral(host)) return [{ ip: host, port }];
    const found = await inTime(lookup(host, { all: true }));
    return found.slice(0, ADDRESSES_PER_NAME_MAX).map(({ address }) => ({ ip: address, port }));
  } catch {
    return [];
  }
}

/** A lookup cannot be called off; one that takes too long goes on unheard. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), LOOKUP_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
