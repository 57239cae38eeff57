// A registry with its two doors: gRPC for agents, HTTP for people and programs. Whatever was opened
// is closed in reverse order, also when opening something later fails.

import { orchion } from "../proto/mod.ts";
import { type RpcServer, serve } from "../rpc/mod.ts";
import {
  type Clock,
  type Disk,
  errorText,
  formatAddress,
  type Log,
  PollenError,
  type Random,
} from "../types/mod.ts";
import { Access } from "./access.ts";
import { healthService } from "./grpc/health.ts";
import { orchestrator } from "./grpc/orchestrator.ts";
import { reflectionService } from "./grpc/reflection.ts";
import { type HttpHandler, httpHandler } from "./http/app.ts";
import { isLoopback } from "./http/guard.ts";
import { ANSWER_BYTES_MAX, CLOSE_GRACE_MS, REQUEST_BYTES_MAX } from "./limits.ts";
import { Network, type NetworkSource } from "./network.ts";
import { Registry } from "./registry.ts";
import { openStorage } from "./storage/open.ts";

/** What to serve, where, and for whom. */
export interface RegistryServerOptions {
  /** `sqlite:` and an absolute path, or `postgres://…`. */
  readonly storage: string;
  /** The TCP ports of gRPC and HTTP; 0 is any free one. */
  readonly port: number;
  readonly httpPort: number;
  /** What sets these ports, for a failure to name. Default `--port` and `--http-port`. */
  readonly portFlags?: readonly [port: string, httpPort: string];
  /** Finds out who has a port that is taken, for a failure to name; null where nobody can. */
  readonly portOwner: (port: number) => Promise<string | null>;
  /** IP addresses of this machine. Without any, those of loopback. */
  readonly bind: readonly string[];
  /** What sets these, for a failure to name. Default `--bind`. */
  readonly bindFlag?: string;
  /** In milliseconds. */
  readonly heartbeatTimeoutMs: number;
  /** Whether nobody needs a token. */
  readonly isOpen: boolean;
  /** A token with all scopes that the owner has chosen. */
  readonly apiKey?: string;
  /** Names in `Host` besides `localhost` and IP addresses. */
  readonly allowedHosts: readonly string[];
  /** Certificate chain and private key, PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Knows the network that the registry is a part of. Default: there is none. */
  readonly network?: NetworkSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly log: Log;
}

/** A registry that answers. */
export interface RegistryServer extends AsyncDisposable {
  readonly registry: Registry;
  readonly port: number;
  readonly httpPort: number;
  /** Where the nodes are kept, for people. */
  readonly storageName: string;
}

/**
 * Opens the storage, binds and answers until it is disposed of, which takes 5 s at most.
 *
 * @throws {PollenError} `already_exists` when a port is taken, `invalid_argument` for an address that
 *   cannot be bound; as the storage does.
 */
export async function openRegistryServer(options: RegistryServerOptions): Promise<RegistryServer> {
  const { clock, random, disk, log } = options;
  await using cleanup = new AsyncDisposableStack();
  const addresses = options.bind.length > 0 ? options.bind : loopbackAddresses();
  const isExposed = !addresses.every(isLoopback);

  const storage = await openStorage({ address: options.storage, isExclusive: true, disk, log });
  const unowned = cleanup.use(new AsyncDisposableStack());
  unowned.use(storage);
  const registry = await Registry.open({
    storage,
    clock,
    log,
    heartbeatTimeoutMs: options.heartbeatTimeoutMs,
  });
  // From here on the storage is the registry's to close.
  unowned.move();
  cleanup.use(registry);
  const access = cleanup.use(
    await Access.open({
      storage,
      clock,
      log,
      isExposed,
      isOpen: options.isOpen,
      ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
    }),
  );

  const rpc = await serveGrpc(registry, access, addresses, options);
  cleanup.defer(() => rpc.close(CLOSE_GRACE_MS));
  const { allowedHosts } = options;
  const network = cleanup.use(new Network(options.network ?? null, registry.events, clock, log));
  const handler = httpHandler({
    registry,
    network,
    access,
    clock,
    random,
    log,
    allowedHosts,
    isEncrypted: options.tls !== undefined,
  });
  let { httpPort } = options;
  for (const hostname of addresses) {
    const server = await serveHttp(hostname, httpPort, handler, options);
    httpPort = server.addr.port;
    cleanup.defer(() => shutDown(server, clock));
  }
  // Listeners go first, or they would hold the servers open.
  cleanup.defer(() => registry.events.close());
  const owned = cleanup.move();
  return {
    registry,
    port: rpc.port,
    httpPort,
    storageName: storage.name,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Those of IPv4 and, where there is such a thing, of IPv6. */
function loopbackAddresses(): string[] {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return ["127.0.0.1", "::1"];
  } catch {
    return ["127.0.0.1"];
  }
}

async function serveGrpc(
  registry: Registry,
  access: Access,
  ips: readonly string[],
  options: RegistryServerOptions,
): Promise<RpcServer> {
  const { port, clock, log, tls } = options;
  const names = [orchion.Orchestrator.typeName];
  const healthNames = [...names, "grpc.health.v1.Health"];
  try {
    return await serve({
      services: [
        orchestrator(registry, access),
        healthService(names, () => registry.isReady, clock),
        reflectionService(healthNames),
      ],
      addresses: ips.map((ip) => formatAddress({ ip, port })),
      log,
      messageBytesMax: ANSWER_BYTES_MAX,
      requestBytesMax: REQUEST_BYTES_MAX,
      ...(tls === undefined ? {} : { tls }),
    });
  } catch (thrown) {
    throw await notBound(thrown, port, "gRPC", options.portFlags?.[0] ?? "--port", options);
  }
}

type HttpServer = Deno.HttpServer<Deno.NetAddr>;

async function serveHttp(
  hostname: string,
  port: number,
  handler: HttpHandler,
  options: RegistryServerOptions,
): Promise<HttpServer> {
  const listening = { hostname, port, onListen: () => {}, ...options.tls };
  try {
    return Deno.serve(
      listening,
      (request, { remoteAddr }) => handler(request, remoteAddr.hostname),
    );
  } catch (thrown) {
    throw await notBound(thrown, port, "HTTP", options.portFlags?.[1] ?? "--http-port", options);
  }
}

async function shutDown(server: HttpServer, clock: Clock): Promise<void> {
  const overdue = Promise.withResolvers<void>();
  const stopTimer = clock.setTimer(CLOSE_GRACE_MS, overdue.resolve);
  await Promise.race([server.shutdown(), overdue.promise]);
  stopTimer();
}

async function notBound(
  thrown: unknown,
  port: number,
  what: string,
  flag: string,
  { portOwner, bindFlag = "--bind" }: RegistryServerOptions,
): Promise<PollenError> {
  const text = errorText(thrown);
  if (/EADDRINUSE|in use/i.test(text)) {
    const owner = await portOwner(port);
    const by = owner === null ? "" : ` by ${owner}`;
    return new PollenError("already_exists", `Port ${port}, meant for ${what}, is taken${by}.`, {
      fix: `Choose another one with ${flag}, or end the program that has it.`,
      cause: thrown,
      details: { port },
    });
  }
  return new PollenError("invalid_argument", `Nothing can listen for ${what}: ${text}`, {
    fix:
      `See that ${bindFlag} names addresses of this machine, and ${flag} a port that may be used.`,
    cause: thrown,
  });
}
