// The daemon's ear for the command line: ControlService on a Unix socket in the state folder.
//
// Life of the socket: probe what is there, leave a live one alone, bind under a temporary name, set
// the rights, rename over a stale one, serve, and remove it on a clean stop.

import type { Handlers, RpcServer } from "../rpc/mod.ts";
import { ControlService } from "../proto/mod.ts";
import { type Log, PollenError } from "../types/mod.ts";
import {
  assertSocketPath,
  probeSocket,
  publishSocket,
  removeSocket,
  type SocketIdentity,
  temporaryPathOf,
} from "./socket.ts";

/** What a daemon answers: one method for each call of ControlService. */
export type ControlHandlers = Handlers<typeof ControlService>;

/** What a server needs. */
export interface GrpcServerOptions {
  /** Absolute; its directory exists. */
  readonly socketPath: string;
  /** Answers the calls, for instance a `NodeService`. */
  readonly service: ControlHandlers;
  /** Takes what goes wrong with the socket and inside calls. */
  readonly log: Log;
  /** When aborted, the server closes. */
  readonly signal?: AbortSignal;
}

interface Running {
  readonly rpc: RpcServer;
  readonly socketPath: string;
  readonly identity: SocketIdentity;
}

/** A control socket that answers, or the knowledge that another process holds it. */
export class GrpcServer implements AsyncDisposable {
  /** Whether another live daemon holds the socket; then this object does nothing. */
  readonly alreadyRunning: boolean;
  /** Resolves when the server has ended and its socket is gone; at once if `alreadyRunning`. Never rejects. */
  readonly closed: Promise<void>;
  readonly #running: Running | null;
  readonly #log: Log;
  readonly #markClosed: () => void;
  #closing: Promise<void> | null = null;

  private constructor(running: Running | null, log: Log) {
    this.#running = running;
    this.#log = log;
    this.alreadyRunning = running === null;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#markClosed = resolve;
    if (running === null) resolve();
  }

  /**
   * Serves on the socket. Resolves once calls are answered, or with `alreadyRunning` when another
   * daemon answers there.
   *
   * @throws {PollenError} `invalid_argument` for a path that is too long, `already_exists` when
   *   something else than a socket is in its place, `permission_denied`, `io`.
   */
  static async start(options: GrpcServerOptions): Promise<GrpcServer> {
    const { socketPath, service, log, signal } = options;
    assertSocketPath(socketPath);
    const state = await probeSocket(socketPath);
    if (state === "live") return new GrpcServer(null, log);
    if (state === "forbidden") throw occupied("permission_denied", socketPath);
    if (state === "foreign") throw occupied("already_exists", socketPath);
    if (state === "stale") {
      log.info("replacing the socket of a daemon that is gone", { socketPath });
    }

    const { serve } = await import("../rpc/mod.ts");
    const bound = temporaryPathOf(socketPath);
    const rpc = await serve({
      service: ControlService,
      handlers: service,
      address: `unix:${bound}`,
      log,
    });
    const server = new GrpcServer(
      { rpc, socketPath, identity: await published(rpc, bound, socketPath) },
      log,
    );
    const stop = () => void server.close();
    signal?.addEventListener("abort", stop, { once: true });
    server.closed.then(() => signal?.removeEventListener("abort", stop));
    if (signal?.aborted) stop();
    return server;
  }

  /** Lets running calls end (at most 2 s), then removes the socket. Idempotent. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    if (this.#running === null) return;
    const { rpc, socketPath, identity } = this.#running;
    try {
      // The file stays until the last call is answered: whoever waits for it to go waits for that too.
      await rpc.close();
      await removeSocket(socketPath, identity);
    } catch (thrown) {
      this.#log.warn("the control socket was not removed", { socketPath, error: String(thrown) });
    } finally {
      this.#markClosed();
    }
  }
}

function occupied(code: "permission_denied" | "already_exists", path: string): PollenError {
  const text = code === "permission_denied"
    ? `The control socket ${path} belongs to another user.`
    : `The control socket cannot be made: ${path} exists and is no socket.`;
  return new PollenError(code, text, {
    fix: "Choose another state folder with --dir, or move it away.",
  });
}

async function published(rpc: RpcServer, bound: string, path: string): Promise<SocketIdentity> {
  try {
    return await publishSocket(bound, path);
  } catch (cause) {
    await rpc.close(0);
    await Deno.remove(bound).catch(() => {});
    const code = cause instanceof Deno.errors.PermissionDenied ? "permission_denied" : "io";
    throw new PollenError(code, `The control socket ${path} cannot be put in place.`, {
      fix: "Look at who owns the state folder and what is in it.",
      cause,
    });
  }
}
