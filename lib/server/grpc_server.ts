// The daemon's ear for the command line: ControlService on a Unix socket in the state folder.
//
// Life of the socket: probe what is there, leave a live one alone, bind under a temporary name, set
// the rights, rename over a stale one, serve, and remove it on a clean stop. Somebody may remove its
// file meanwhile; then nobody would find the daemon any more, so it looks, and binds anew.

import type { Handlers, RpcServer } from "../rpc/mod.ts";
import { ControlService } from "../proto/control.ts";
import { errorText, type Log, PollenError } from "../types/mod.ts";
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
  /** Between two looks at whether the socket's file is still there, in milliseconds. Default 5 000. */
  readonly lookMs?: number;
}

const LOOK_MS = 5_000;

/** How a start went: calls are answered, or another live daemon answers on the socket. */
export type GrpcServerState = "serving" | "already_running";

/** A control socket that answers for as long as `start` runs. */
export class GrpcServer implements AsyncDisposable {
  readonly #options: GrpcServerOptions;
  readonly #ready = Promise.withResolvers<GrpcServerState>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;

  private constructor(options: GrpcServerOptions) {
    this.#options = options;
    // Who waits for `start` alone hears of a failure there.
    this.#ready.promise.catch(() => {});
  }

  /** A server that does nothing yet. It runs once. */
  static create(options: GrpcServerOptions): GrpcServer {
    return new GrpcServer(options);
  }

  /** Resolves once it is known how `start` went; rejects as that does. */
  get ready(): Promise<GrpcServerState> {
    return this.#ready.promise;
  }

  /**
   * Serves on the socket until the signal aborts or `close` is called, and removes it. Resolves at
   * once, without an error, when another daemon answers there.
   *
   * @throws {PollenError} `invalid_argument` for a path that is too long, `already_exists` when
   *   something else than a socket is in its place, `permission_denied`, `io`.
   */
  start(signal?: AbortSignal): Promise<void> {
    if (this.#running === null) {
      this.#running = this.#run(signal);
      // Who waits for `ready` alone hears of a failure there.
      this.#running.catch(() => {});
    }
    return this.#running;
  }

  /** Lets running calls end (at most 2 s) and waits until the socket is gone. Idempotent. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => {});
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(signal?: AbortSignal): Promise<void> {
    try {
      const opened = await open(this.#options);
      this.#ready.resolve(opened === null ? "already_running" : "serving");
      if (opened === null) return;
      const signals = [this.#stopping.signal, ...(signal === undefined ? [] : [signal])];
      await this.#stop(await this.#keep(opened, AbortSignal.any(signals)));
    } catch (thrown) {
      this.#ready.reject(thrown);
      throw thrown;
    }
  }

  /** Waits for the signal; binds anew whenever the socket's file is gone. What serves in the end. */
  async #keep(opened: Opened, signal: AbortSignal): Promise<Opened> {
    const { socketPath, log, lookMs = LOOK_MS } = this.#options;
    let serving = opened;
    while (!await abortedWithin(lookMs, signal)) {
      try {
        if (await probeSocket(socketPath) !== "absent") continue;
        const next = await open(this.#options);
        if (next === null) continue;
        const { rpc } = serving;
        serving = next;
        log.warn("the control socket was gone and is there again", { socketPath });
        await rpc.close();
      } catch (thrown) {
        log.warn("the control socket is gone", { socketPath, reason: errorText(thrown) });
      }
    }
    return serving;
  }

  async #stop({ rpc, identity }: Opened): Promise<void> {
    const { socketPath, log } = this.#options;
    try {
      // The file stays until the last call is answered: whoever waits for it to go waits for that too.
      await rpc.close();
      await removeSocket(socketPath, identity);
    } catch (thrown) {
      log.warn("the control socket was not removed", { socketPath, error: String(thrown) });
    }
  }
}

interface Opened {
  readonly rpc: RpcServer;
  readonly identity: SocketIdentity;
}

/** Binds the socket and puts it in place; null when another daemon answers there. */
async function open({ socketPath, service, log }: GrpcServerOptions): Promise<Opened | null> {
  assertSocketPath(socketPath);
  const state = await probeSocket(socketPath);
  if (state === "live") return null;
  if (state === "forbidden") throw occupied("permission_denied", socketPath);
  if (state === "foreign") throw occupied("already_exists", socketPath);
  if (state === "stale") log.info("replacing the socket of a daemon that is gone", { socketPath });

  const { implement, serve } = await import("../rpc/mod.ts");
  const bound = temporaryPathOf(socketPath);
  const address = `unix:${bound}` as const;
  const rpc = await serve({
    services: [implement(ControlService, service)],
    addresses: [address],
    log,
  });
  return { rpc, identity: await published(rpc, bound, socketPath) };
}

/** Whether the signal aborts within this time. */
async function abortedWithin(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return true;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = () => resolve();
  signal.addEventListener("abort", stop, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  return signal.aborted;
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
