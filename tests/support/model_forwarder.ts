// Tunnels without TCP: the ports of a machine, which one program at a time can have.

import {
  type FlowForwarder,
  type FlowPort,
  type Forwarder,
  PollenError,
  type SocketAddress,
  type TcpListener,
} from "../../lib/types/mod.ts";

/** Listeners that take connections from nobody. `taken` ports belong to other programs. */
export function modelForwarder(taken: ReadonlySet<number>, anyPort: () => number): Forwarder {
  const own = new Set<number>();
  const rule = { withdraw() {}, allow() {} };
  const listen = ({ ip, port }: SocketAddress): Promise<TcpListener> => {
    let bound = port;
    while (bound === 0 || port === 0 && (own.has(bound) || taken.has(bound))) bound = anyPort();
    if (own.has(bound) || taken.has(bound)) {
      return Promise.reject(new PollenError("already_exists", `Port ${port} is taken.`));
    }
    own.add(bound);
    const ended = Promise.withResolvers<null>();
    return Promise.resolve({
      address: { ip, port: bound },
      accept: () => ended.promise,
      close: () => {
        own.delete(bound);
        ended.resolve(null);
      },
    });
  };
  const unused = () => {
    throw new Error("no bytes move here");
  };
  return {
    listen,
    bridgeToSession: unused,
    bridgeToTcp: unused,
    route: () => rule,
    serve: () => rule,
  };
}

/** Local ports of UDP that nobody sends to. `taken` ports belong to other programs. */
export function modelFlows(taken: ReadonlySet<number>, anyPort: () => number): FlowForwarder {
  const own = new Set<number>();
  const stats = () => ({ flows: 0, packetsSent: 0, packetsReceived: 0, packetsDropped: 0 });
  const listen = ({ ip, port }: SocketAddress): Promise<FlowPort> => {
    const bound = port === 0 ? anyPort() : port;
    if (own.has(bound) || taken.has(bound)) {
      return Promise.reject(new PollenError("already_exists", `Port ${port} is taken.`));
    }
    own.add(bound);
    const close = () => void own.delete(bound);
    return Promise.resolve({ address: { ip, port: bound }, lead() {}, stats, close });
  };
  return { listen, serve: () => ({ allow() {}, stats, withdraw() {} }) };
}
