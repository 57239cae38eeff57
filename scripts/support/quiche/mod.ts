// quiche behind a socket: an independent QUIC peer for tests and benchmarks.

export {
  quiche,
  QUICHE_NAME,
  QUICHE_UNAVAILABLE,
  type QuicheError,
  type QuicheHeader,
} from "./binding.ts";
export { QuicheConnection, type QuicheEnd, QuicheStream, QuicheStreamError } from "./connection.ts";
export { QuicheEndpoint, type QuicheOptions } from "./endpoint.ts";
