// One node, put together from what its state folder holds: keys and membership, settings, the
// replicated state, then the engine under the mesh, tunnels and node above it. What was opened is
// closed in reverse order, also when opening something later fails.

import {
  type AdminSigner,
  deriveResetKey,
  type IdentityKey,
  InviteRedeemer,
  keysDirectory,
  loadAdminSigner,
  type NodeCredentials,
  SignedTimes,
} from "../auth/mod.ts";
import { Config, ConsumedInvites, normalizeRelayAddr } from "../config/mod.ts";
import { demandOwner, systemClock, systemDisk, systemRandom, tightenRights } from "../host/mod.ts";
import { getAdvertisableAddrs, isHostIp, Mesh, type Redeemer } from "../mesh/mod.ts";
import { addressesOf, Node, NodeService } from "../node/mod.ts";
import type { Condition } from "../proto/mod.ts";
import { openEngine } from "../quic/mod.ts";
import { Store } from "../store/mod.ts";
import { Manager } from "../tunnel/mod.ts";
import {
  ExceededLimits,
  isIpLiteral,
  type Log,
  PollenError,
  silentLog,
  splitHostPort,
  VERSION,
} from "../types/mod.ts";
import { authorityOf } from "./authority.ts";
import { openOnPort } from "./listen_port.ts";
import { loadMember } from "./network_files.ts";
import { portMapping } from "./port_mapping.ts";
import { RenewableMembership } from "./renewable_membership.ts";
import { resolveAddresses } from "./resolve.ts";

/** Takes IPv4 as well. */
const ANY_IP = "::";

/** Which node to open, and how. */
export interface NodeOptions {
  /** The state folder, absolute. It holds an identity and a membership: see `initRoot`, `joinNetwork`. */
  readonly dir: string;
  /** The address of this machine that the UDP socket is bound to. Default `::`: all, IPv4 included. */
  readonly listenIp?: string;
  /**
   * The UDP port; 0 lets the operating system choose. Default: the one it had last, 60611, or any
   * free one, in this order.
   */
  readonly port?: number;
  /** The IP addresses to tell others. Default: those of this machine's interfaces. */
  readonly ips?: readonly string[];
  /**
   * `host:port` at which others reach this node besides, such as a name whose address changes; port
   * 60611 where none is given. Tokens carry names as they are.
   */
  readonly advertise?: readonly string[];
  /**
   * Whether the router is asked to lead a port of its outer address here. Default: unless
   * `config.yaml` says `portMapping: off`.
   */
  readonly portMapping?: boolean;
  /**
   * Whether packets are carried for other members that cannot meet. Default: unless `config.yaml` says
   * `relay: off`.
   */
  readonly relay?: boolean;
  /**
   * What is carried for each of them in each direction, in megabytes per second, 1…10,000. Default: as
   * `config.yaml` says in `relayLimit`, else 12.
   */
  readonly relayLimit?: number;
  /** A folder for traces of sessions, absolute (see `EngineOptions.qlogDir`). Default: none. */
  readonly qlogDir?: string;
  /** Takes the log. Default: nobody does. */
  readonly log?: Log;
  /** What the Shutdown call of `OpenedNode.service` leads to. It returns at once. Default: nothing. */
  shutdown?(): void;
  /** What is wrong with that which runs beside the node, for its status. Default: nothing. */
  readonly otherConditions?: () => readonly Condition[];
}

/**
 * A node and its parts. `node.start` closes the parts when it ends, so disposing is for a node that
 * was never started, or whose `start` has resolved; it is idempotent.
 */
export interface OpenedNode extends AsyncDisposable {
  /** To be started, once. */
  readonly node: Node;
  /** What `GrpcServer.start` serves on a control socket; its methods may as well be called directly. */
  readonly service: NodeService;
  /** This node's key pair. */
  readonly identity: IdentityKey;
  /** This node's membership, verified when the node was opened. */
  readonly credentials: NodeCredentials;
  /** Sessions with the peers. It accepts them from now on, but nobody listens before `node.start`. */
  readonly mesh: Mesh;
  /** Served ports and forwards. What is changed here rather than through `node` does not outlive it. */
  readonly tunnels: Manager;
  /** What is known of the network. It holds the folder's lock until it is closed. */
  readonly store: Store;
}

/**
 * Opens the node of a state folder, bound to its UDP port, wired and not yet started. Only time being
 * against its membership is no reason not to run: `service.conditions` says so, with the cure.
 *
 * @throws {PollenError} `failed_precondition` when the node is in no network, or another process
 *   works on the folder; `already_exists` when the UDP port is taken; `invalid_argument` for
 *   addresses that are none; `unauthenticated` for a membership that does not verify; `malformed` for a damaged file, `unsupported` without an engine for this platform,
 *   `permission_denied`, `io`.
 */
export async function openNode(options: NodeOptions): Promise<OpenedNode> {
  demandOwner(options.dir);
  const { dir, listenIp = ANY_IP, qlogDir, log = silentLog } = options;
  const advertisedIps = checkedIps(options.ips ?? []);
  const advertised = checkedPlaces(options.advertise ?? []);
  await using cleanup = new AsyncDisposableStack();

  const limits = new ExceededLimits(log, systemClock);
  cleanup.defer(() => limits.close());
  for (const warning of await tightenRights(dir, keysDirectory(dir))) log.warn(warning);
  const { identity, credentials } = await loadMember(systemDisk, dir, systemClock.wallNow());
  const config = await Config.load(systemDisk, dir);
  for (const warning of config.loadWarnings) log.warn(warning);
  const store = cleanup.use(
    await Store.load(
      systemDisk,
      dir,
      identity.peerKey,
      authorityOf(identity, credentials, systemClock),
      limits,
    ),
  );
  for (const warning of store.loadWarnings) log.warn(warning);
  store.setLocalCertExpiry(credentials.cert.claims!.notAfterUnix);
  for (const directory of [dir, keysDirectory(dir)]) {
    await systemDisk.removeLeftovers(directory, systemClock.wallNow());
  }

  const engine = await openOnPort({
    disk: systemDisk,
    dir,
    requested: options.port,
    log,
    open: (port) =>
      openEngine({
        address: { ip: listenIp, port },
        protocols: [],
        congestion: config.congestion,
        resetKey: deriveResetKey(identity),
        limits,
        ...(qlogDir === undefined ? {} : { qlogDir }),
      }),
  });
  cleanup.defer(() => engine.close("shutdown"));
  const signer = await openSigner(dir, credentials, config, log);
  const signedTimes = new SignedTimes(credentials.cert);
  const carries = options.relay ?? config.relay;
  const relayLimit = options.relayLimit ?? config.relayLimit;
  const mesh = await Mesh.create({
    engine,
    identity,
    credentials,
    tlsIdentityTtlMs: config.certTtls.tlsIdentityTtl(),
    redeemer: signer === null ? null : await openRedeemer(dir, signer, config, store),
    clock: systemClock,
    random: systemRandom,
    version: VERSION,
    carries,
    log,
    limits,
    signedTimes,
    isRevoked: (peer) => store.isSubjectRevoked(peer),
    candidates: (peer) => {
      const record = store.get(peer);
      return record === null ? [] : addressesOf(record);
    },
  });
  const memberships = new RenewableMembership({
    disk: systemDisk,
    dir,
    identity,
    credentials,
    mesh,
    signer,
    ttlMs: config.certTtls.membershipTtl(),
    signedTimes,
    clock: systemClock,
    log,
  });
  const tunnels = Manager.create({
    transport: mesh,
    forwarder: engine.forwarder,
    flows: engine.flows,
    clock: systemClock,
    log,
  });
  // Together, because tunnels wait for the streams that the mesh ends.
  cleanup.defer(async () => {
    await Promise.all([mesh.close("shutdown"), tunnels.close()]);
  });
  const machineAddresses = () => getAdvertisableAddrs(Deno.networkInterfaces());
  const localIps = () => advertisedIps.length > 0 ? advertisedIps : machineAddresses();
  const node = Node.create(
    {
      local: identity.peerKey,
      mesh,
      tunnels,
      store,
      clock: systemClock,
      random: systemRandom,
      log,
      limits,
      memberships,
      resolve: resolveAddresses,
      machineAddresses,
      ...(options.portMapping ?? config.portMapping
        ? { mapPort: portMapping({ identity, log, localIps }) }
        : {}),
    },
    {
      advertisedIps,
      advertised,
      bootstrapPeers: config.bootstrapPeers,
      relayBytesPerSecond: carries ? relayLimit * 1_000_000 : null,
    },
  );
  const service = NodeService.create({
    node,
    local: identity.peerKey,
    mesh,
    store,
    tunnels,
    certificate: () => memberships.own(),
    signedTimes,
    limits,
    signer,
    clock: systemClock,
    shutdown: () => options.shutdown?.(),
    otherConditions: () => options.otherConditions?.() ?? [],
  });
  const owned = cleanup.move();
  return {
    node,
    service,
    identity,
    credentials,
    mesh,
    tunnels,
    store,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What signs for the network; null without an administrator's key, and while its certificate is not valid. */
async function openSigner(
  dir: string,
  credentials: NodeCredentials,
  config: Config,
  log: Log,
): Promise<AdminSigner | null> {
  try {
    return await loadAdminSigner(systemDisk, dir, credentials, {
      now: systemClock.wallNow(),
      random: systemRandom,
      adminTtlMs: config.certTtls.adminTtl(),
    });
  } catch (thrown) {
    if (!(thrown instanceof PollenError) || thrown.details["reason"] === undefined) throw thrown;
    log.warn("this node cannot redeem invites now", { reason: thrown.text });
    return null;
  }
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
    issuerPub: signer.publicKey,
    open: (request) => signer.openRedemption(request),
    redeem: (token, subject) => redeemer.redeem(token, subject, systemClock.wallNow()),
  };
}

function checkedPlaces(texts: readonly string[]): readonly string[] {
  const places = texts.map(normalizeRelayAddr);
  for (const place of places) {
    const { host } = splitHostPort(place);
    if (!isIpLiteral(host) || isHostIp(host)) continue;
    throw new PollenError("invalid_argument", `"${host}" is not an address of one machine.`, {
      fix: "Give --advertise a name or an address at which others reach this machine.",
    });
  }
  return [...new Set(places)];
}

function checkedIps(ips: readonly string[]): readonly string[] {
  const wrong = ips.find((ip) => !isIpLiteral(ip) || !isHostIp(ip));
  if (wrong === undefined) return [...new Set(ips)];
  const what = isIpLiteral(wrong) ? "an address of one machine" : "an IP address";
  throw new PollenError("invalid_argument", `"${wrong}" is not ${what}.`, {
    fix: "Give --ips the addresses at which others reach this machine, with commas between.",
  });
}
