// The command line's line to the daemon: one typed method for each call of ControlService. Nothing
// heavy is loaded before there is a socket to call, so that "not running" is said at once.

import {
  type ConnectPeerRequest,
  type ConnectServiceRequest,
  type ConnectServiceResponse,
  ControlService,
  type DisconnectServiceRequest,
  type DisconnectServiceResponse,
  type GetBootstrapInfoResponse,
  type GetStatusResponse,
  type RegisterServiceRequest,
  type RevokePeerRequest,
  type UnregisterServiceRequest,
  type UnregisterServiceResponse,
} from "../proto/control.ts";
import type { CallOptions, Calls, RpcClient } from "../rpc/mod.ts";
import { PollenError } from "../types/mod.ts";
import { assertSocketPath, probeSocket } from "./socket.ts";

type ControlCalls = Calls<typeof ControlService>;

/** Calls to the daemon of this machine. Every call lasts at most 10 s unless told otherwise. */
export class ControlClient implements Disposable {
  readonly #rpc: RpcClient<typeof ControlService>;
  readonly #socketPath: string;

  private constructor(rpc: RpcClient<typeof ControlService>, socketPath: string) {
    this.#rpc = rpc;
    this.#socketPath = socketPath;
  }

  /**
   * A client of the daemon behind the socket. It must be closed.
   *
   * @throws {PollenError} `unavailable` when there is no socket, `permission_denied` when this user
   *   may not see it, `invalid_argument` for a path that is too long.
   */
  static async open(options: { readonly socketPath: string }): Promise<ControlClient> {
    const { socketPath } = options;
    assertSocketPath(socketPath);
    try {
      await Deno.lstat(socketPath);
    } catch (thrown) {
      if (thrown instanceof Deno.errors.PermissionDenied) throw forbidden(socketPath);
      throw notRunning();
    }
    const { client } = await import("../rpc/mod.ts");
    return new ControlClient(client(ControlService, { address: `unix:${socketPath}` }), socketPath);
  }

  /** Asks the daemon to stop. It answers first and stops then. */
  async shutdown(options?: CallOptions): Promise<void> {
    await this.#call((calls) => calls.shutdown({}, options));
  }

  /** Addresses at which new machines can enter the network. */
  getBootstrapInfo(options?: CallOptions): Promise<GetBootstrapInfoResponse> {
    return this.#call((calls) => calls.getBootstrapInfo({}, options));
  }

  /** What the daemon knows of itself, its peers, services and forwards. */
  getStatus(options?: CallOptions): Promise<GetStatusResponse> {
    return this.#call((calls) => calls.getStatus({}, options));
  }

  /** Offers a local port to the network. */
  async registerService(request: RegisterServiceRequest, options?: CallOptions): Promise<void> {
    await this.#call((calls) => calls.registerService(request, options));
  }

  /** Takes back what was offered; `not_found` when it was not. */
  unregisterService(
    request: UnregisterServiceRequest,
    options?: CallOptions,
  ): Promise<UnregisterServiceResponse> {
    return this.#call((calls) => calls.unregisterService(request, options));
  }

  /** Closes forwards; `not_found` when none is meant. */
  disconnectService(
    request: Partial<DisconnectServiceRequest>,
    options?: CallOptions,
  ): Promise<DisconnectServiceResponse> {
    return this.#call((calls) => calls.disconnectService(request, options));
  }

  /** Connects with a machine at these addresses now. */
  async connectPeer(request: ConnectPeerRequest, options?: CallOptions): Promise<void> {
    await this.#call((calls) => calls.connectPeer(request, options));
  }

  /** Takes a machine's membership away for good. */
  async revokePeer(request: RevokePeerRequest, options?: CallOptions): Promise<void> {
    await this.#call((calls) => calls.revokePeer(request, options));
  }

  /** Opens a local port that leads to another machine's service. */
  connectService(
    request: ConnectServiceRequest,
    options?: CallOptions,
  ): Promise<ConnectServiceResponse> {
    return this.#call((calls) => calls.connectService(request, options));
  }

  /** Hangs up. Idempotent. */
  close(): void {
    this.#rpc.close();
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #call<T>(make: (calls: ControlCalls) => Promise<T>): Promise<T> {
    try {
      return await make(this.#rpc.calls);
    } catch (thrown) {
      throw await this.#explain(thrown);
    }
  }

  /** A call that found nobody says why: no daemon, or no right to talk to it. */
  async #explain(thrown: unknown): Promise<unknown> {
    if (!(thrown instanceof PollenError) || thrown.code !== "unavailable") return thrown;
    const state = await probeSocket(this.#socketPath);
    if (state === "forbidden") return forbidden(this.#socketPath);
    return state === "live" ? thrown : notRunning();
  }
}

function notRunning(): PollenError {
  return new PollenError("unavailable", "The pollen daemon is not running on this machine.", {
    fix: "Start it with: pollen up -d",
  });
}

function forbidden(socketPath: string): PollenError {
  return new PollenError(
    "permission_denied",
    `This user may not talk to the pollen daemon: ${socketPath} belongs to someone else.`,
    { fix: 'Run the command as the user who runs the daemon, or join the group "pollen".' },
  );
}
