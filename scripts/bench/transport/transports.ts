// The transports that are measured, by name.

import { EngineTransport } from "./engine_transport.ts";
import { QuicEndpointTransport } from "./quic_endpoint_transport.ts";
import { QuicheTransport } from "./quiche_transport.ts";
import { TcpTransport } from "./tcp_transport.ts";
import type { Transport } from "./transport.ts";

/** What a packet of the Internet holds, for QUIC as others configure it. */
export const INTERNET_PACKET_BYTES = 1_350;

const TRANSPORTS = {
  tcp: () => new TcpTransport(),
  engine1350: () => new EngineTransport(INTERNET_PACKET_BYTES),
  engine: () => new EngineTransport(),
  quicEndpoint: (ip: string) => new QuicEndpointTransport(ip),
  quiche: () => new QuicheTransport(),
} as const;

export type TransportName = keyof typeof TRANSPORTS;

/** Opens one end, on that address of this host. */
export function openTransport(name: TransportName, ip: string): Promise<Transport> {
  return Promise.resolve(TRANSPORTS[name](ip));
}
