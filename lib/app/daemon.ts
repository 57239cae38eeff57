// A running daemon, put together from the rooms: state and keys from the folder, the engine under
// the mesh, tunnels and node above it, the control socket beside it. Whatever was opened is closed
// in reverse order, also when opening something later fails.

import {
  type AdminSigner,
  type IdentityKey,
  InviteRedeemer,
  loadAdminSigner,
  loadIdentityKey,
  loadNodeCredentials,
  type NodeCredentials,
  verifyRevocation,
} from "../auth/mod.ts";
import { Config, ConsumedInvites } from "../config/mod.ts";
import { LogFile, systemClock, systemDisk, systemRandom } from "../host/mod.ts";
import { getAdvertisableAddrs, Mesh, type Redeemer } from "../mesh/mod.ts";
import { Node, NodeService } from "../node/mod.ts";
import type { SignedRevocation } from "../proto/mod.ts";
import { openEngine } from "../quic/mod.ts";
import { GrpcServer, socketPathOf } from "../server/mod.ts";
import { Store } from "../store/mod.ts";
import { Manager } from "../tunnel/mod.ts";
import { isIpLiteral, PollenError } from "../types/mod.ts";
import { openOnPort } from "./listen_port.ts";
import { openLog } from "./log.ts";
import { resolveAddresses } from "./resolve.ts";

export interface DaemonOptions {
  /** The state folder, absolute. */
  readonly dir: string;
  /**
   * The UDP port; 0 lets the operating system choose. Without it: the one it had last, 60611, or any
   * free one, in this order.
   */
  readonly port?: number;
  /** The addresses to tell others instead of those of this machine's interfaces. */
  readonly ips?: readonly string[];
  /** The file that takes the log, absolute; without it standard error does. */
  readonly logPath?: string;
  /** Ends the daemon. */
  readonly signal: AbortSignal;
  /** Called once it serves. */
  onReady(info: { readonly port: number; readonly socketPath: string }): void;
}

/**
 * Runs a daemon until it is told to stop, by the signal or by the Shutdown call.
 *
 * @throws {PollenError} `failed_precondition` when the node is in no network or runs already,
 *   `already_exists` when the UDP port is taken, and whatever the state folder lacks.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const { logPath } = options;
  const logFile = logPath === undefined ? null : opened.use(LogFile.open(logPath));
  const log = opened.use(openLog(Deno.env.get("POLLEN_LOG"), logFile));
  const { dir } = options;

  const { identity, credentials } = await loadMembership(dir);
  const config = await Config.load(systemDisk, dir);
  const store = opened.use(
    await Store.load(
      systemDisk,
      dir,
      identity.peerKey,
      (revocation) => isValidRevocation(revocation, credentials),
    ),
  );
  for (const warning of store.loadWarnings) log.warn(warning);

  const engine = await openOnPort({
    disk: systemDisk,
    dir,
    requested: options.port,
    log,
    open: (port) => openEngine({ address: { ip: "::", port }, protocols: [] }),
  });
  opened.defer(() => engine.close("shutdown"));
  const signer = await loadAdminSigner(systemDisk, dir, credentials, {
    now: systemClock.wallNow(),
    random: systemRandom,
    adminTtlMs: config.certTtls.adminTtl(),
  });
  const mesh = await Mesh.open({
    engine,
    identity,
    credentials,
    tlsIdentityTtlMs: config.certTtls.tlsIdentityTtl(),
    redeemer: signer === null ? null : await openRedeemer(dir, signer, config, store),
    clock: systemClock,
    random: systemRandom,
    log,
    isRevoked: (peer) => store.isSubjectRevoked(peer),
  });
  const tunnels = new Manager({
    transport: mesh,
    forwarder: engine.forwarder,
    clock: systemClock,
    log,
  });
  const node = Node.create(
    {
      local: identity.peerKey,
      mesh,
      tunnels,
      store,
      clock: systemClock,
      random: systemRandom,
      log,
      resolve: resolveAddresses,
      machineAddresses: () => getAdvertisableAddrs(Deno.networkInterfaces()),
    },
    { advertisedIps: checkedIps(options.ips ?? []), bootstrapPeers: config.bootstrapPeers },
  );

  const shutdown = new AbortController();
  const service = new NodeService({
    node,
    local: identity.peerKey,
    mesh,
    store,
    tunnels,
    certificate: credentials.cert,
    signer,
    clock: systemClock,
    shutdown: () => shutdown.abort(),
  });
  // The node has given the folder up before this socket goes: who waits for that may use it then.
  const socketPath = socketPathOf(dir);
  const server = opened.use(await GrpcServer.start({ socketPath, service, log }));
  if (server.alreadyRunning) throw alreadyRunning();
  if (node.advertisedIps.length === 0) {
    log.warn("this machine has no address that others can reach; give one with --ips");
  }
  void node.ready.then(() => options.onReady({ port: node.listenPort, socketPath }));
  await node.start(AbortSignal.any([options.signal, shutdown.signal]));
}

async function loadMembership(
  dir: string,
): Promise<{ identity: IdentityKey; credentials: NodeCredentials }> {
  const identity = await loadIdentityKey(systemDisk, dir);
  const credentials = identity === null
    ? null
    : await loadNodeCredentials(systemDisk, dir, identity, systemClock.wallNow());
  if (identity === null || credentials === null) {
    throw new PollenError("failed_precondition", "This node is not part of a network yet.", {
      fix: "Start a network with `pollen init`, or enter one with `pollen join <token>`.",
    });
  }
  return { identity, credentials };
}

/** What answers invites. */
async function openRedeemer(
  dir: string,
  signer: AdminSigner,
  config: Config,
  store: Store,
): Promise<Redeemer> {
  const consumed = await ConsumedInvites.load(systemDisk, dir, systemClock.wallNow());
  const redeemer = new InviteRedeemer(signer, consumed, {
    membershipTtlMs: config.certTtls.membershipTtl(),
    isRevoked: (key) => store.isSubjectRevoked(key),
  });
  return {
    redeem: (token, subject) => redeemer.redeem(token, subject, systemClock.wallNow()),
  };
}

function checkedIps(ips: readonly string[]): readonly string[] {
  const wrong = ips.find((ip) => !isIpLiteral(ip));
  if (wrong === undefined) return [...new Set(ips)];
  throw new PollenError("invalid_argument", `"${wrong}" is not an IP address.`, {
    fix: "Give --ips as addresses separated by commas.",
  });
}

function isValidRevocation(
  revocation: SignedRevocation,
  credentials: NodeCredentials,
): boolean {
  try {
    verifyRevocation(revocation, credentials.trust);
    return true;
  } catch {
    return false;
  }
}

function alreadyRunning(): PollenError {
  return new PollenError(
    "failed_precondition",
    "A pollen daemon runs on this state folder already.",
    {
      fix: "Stop it with `pollen down`, or choose another folder with --dir.",
    },
  );
}
