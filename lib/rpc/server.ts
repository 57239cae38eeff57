// Typed handlers on Unix sockets or TCP addresses: any number of services behind one server, with
// or without TLS. How a call is answered stands in handling.ts.

import { Buffer } from "node:buffer";
import { CALL_BYTES_MAX, type Log, PollenError } from "../types/mod.ts";
import * as grpc from "./grpc.ts";
import { definitionOf, implementationOf } from "./handling.ts";
import { type Handlers, type Service } from "./method.ts";

/** A service and who answers for it: see {@linkcode implement}. */
export interface ServedService {
  readonly service: Service;
  readonly handlers: Handlers<Service>;
}

/** Names who answers the calls of a service. */
export function implement<S extends Service>(service: S, handlers: Handlers<S>): ServedService {
  return { service, handlers: handlers as unknown as Handlers<Service> };
}

/** How to serve. */
export interface ServeOptions {
  readonly services: readonly ServedService[];
  /**
   * Each `unix:` and a path, or `ip:port`. Port 0 is any free one, and where there are several
   * addresses, the same for all that ask for 0.
   */
  readonly addresses: readonly string[];
  readonly log: Log;
  /** The most bytes of a request or response. Default 4 MiB. */
  readonly messageBytesMax?: number;
  /** The most bytes of a request, where fewer than of a response. */
  readonly requestBytesMax?: number;
  /** Certificate chain and private key, PEM. Without them nothing is encrypted. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A server that answers. */
export interface RpcServer extends AsyncDisposable {
  /** The bound TCP port; meaningless for a Unix socket. */
  readonly port: number;
  /**
   * Takes no new calls and lets the running ones end; what still runs after `graceMs` (default
   * 2 000) is cut off. Idempotent.
   */
  close(graceMs?: number): Promise<void>;
}

const GRACE_MS = 2_000;

/**
 * Binds and answers calls until closed.
 *
 * @throws {PollenError} `io` when an address cannot be bound.
 */
export async function serve(options: ServeOptions): Promise<RpcServer> {
  const { tls, log, messageBytesMax: bytesMax = CALL_BYTES_MAX } = options;
  // Channelz stays on: without it grpc-js forgets its sessions, and forceShutdown ends none of them.
  const server = new grpc.Server({
    "grpc.max_receive_message_length": options.requestBytesMax ?? bytesMax,
    "grpc.max_send_message_length": bytesMax,
  });
  for (const { service, handlers } of options.services) {
    server.addService(
      definitionOf(service),
      implementationOf({ service, handlers, log, bytesMax }),
    );
  }
  const credentials = tls === undefined
    ? grpc.ServerCredentials.createInsecure()
    // Deno 2.9.5 names all authorities it knows to the client where none are given here, in a message
    // that is larger than TLS allows. No client is asked for a certificate in either case.
    : grpc.ServerCredentials.createSsl(Buffer.from(tls.cert), [{
      cert_chain: Buffer.from(tls.cert),
      private_key: Buffer.from(tls.key),
    }]);
  let port = 0;
  try {
    for (const address of options.addresses) {
      port = await bind(server, address.replace(/:0$/, `:${port}`), credentials);
    }
  } catch (thrown) {
    server.forceShutdown();
    throw thrown;
  }
  let closed: Promise<void> | undefined;
  const close = (graceMs = GRACE_MS) => closed ??= shutDown(server, graceMs);
  return { port, close, [Symbol.asyncDispose]: () => close() };
}

function bind(
  server: grpc.Server,
  address: string,
  credentials: grpc.ServerCredentials,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, port) => {
      if (cause === null) return resolve(port);
      reject(
        new PollenError("io", `Nothing can listen at ${address}: ${cause.message}.`, { cause }),
      );
    });
  });
}

function shutDown(server: grpc.Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
