// `pollen invite`: signs a token with which one more machine can join, and says which addresses it
// carries. Works without the daemon when config.yaml or --bootstrap names machines to join through.

import {
  type AdminSigner,
  encodeInviteToken,
  keysDirectory,
  loadAdminSigner,
  loadIdentityKey,
  loadNodeCredentials,
  notEnrolled,
} from "../../auth/mod.ts";
import { Config, parseDuration } from "../../config/mod.ts";
import { systemDisk, systemRandom, tightenRights } from "../../host/mod.ts";
import type { BootstrapPeer, BootstrapPeerInfo } from "../../proto/mod.ts";
import {
  parsePeerKey,
  type PeerKey,
  peerKeyFromBytes,
  PollenError,
  shortPeerKey,
  unixSeconds,
} from "../../types/mod.ts";
import type { Context, Run } from "../command.ts";
import { openClient } from "../daemon.ts";
import { isReachableFromOutside, parseBootstrap } from "../invite_addresses.ts";
import { describeDuration, printable, rfc3339 } from "../text.ts";

const TTL = "5m";

/** Prints the token alone on standard output. */
export const invite: Run = async (context) => {
  const ttlMs = parseTtl(context.args.value("ttl") ?? TTL);
  const guestSeconds = guestTime(context);
  const subject = subjectOf(context);
  const explicit = parseBootstrap(context.args.values("bootstrap"));
  const dir = await context.stateDirectory();
  const warnings = await tightenRights(dir, keysDirectory(dir));
  const config = await Config.load(systemDisk, dir);
  const signer = await openSigner(context, dir, config);
  const bootstrap = explicit.length > 0 ? explicit : await bootstrapOf(context, config);
  const now = context.now();
  const token = signer.issueInvite({
    ...(subject === undefined ? {} : { subject }),
    bootstrap,
    ttlMs,
    ...(guestSeconds === null ? {} : { membershipTtlSeconds: guestSeconds, nonRenewable: true }),
    now,
  });
  const expiresAt = token.claims?.expiresAtUnix ?? unixSeconds(now);
  const text = encodeInviteToken(token);
  return {
    text,
    json: {
      token: text,
      subject: subject ?? null,
      expiresAt: rfc3339(expiresAt),
      guestSeconds,
      bootstrap: bootstrap.map(({ peerPub, addrs }) => ({
        key: peerKeyFromBytes(peerPub),
        addresses: addrs,
      })),
    },
    notes: [...warnings, ...notesOf(bootstrap, ttlMs, guestSeconds)],
  };
};

function parseTtl(text: string): number {
  const ttlMs = parseDuration(text);
  if (ttlMs > 0) return ttlMs;
  throw new PollenError("invalid_argument", "token ttl must be positive.", {
    fix: "Say how long the token can be used, as in --ttl 5m or --ttl 24h.",
  });
}

/** For how long the machine is a member, in whole seconds; null for as long as nobody revokes it. */
function guestTime({ args }: Context): number | null {
  const text = args.value("for");
  if (text === undefined) return null;
  const seconds = Math.floor(parseDuration(text) / 1000);
  if (seconds >= 1) return seconds;
  throw new PollenError("invalid_argument", "A guest is a member for a second at least.", {
    fix: "Say for how long, as in --for 12h or --for 7d.",
  });
}

function subjectOf({ args }: Context): PeerKey | undefined {
  const [argument] = args.positionals;
  const flag = args.value("subject");
  if (argument !== undefined && flag !== undefined) {
    throw new PollenError("invalid_argument", "The subject is given twice.", {
      fix: "Provide it as an argument or with --subject, not both.",
    });
  }
  const text = argument ?? flag;
  return text === undefined ? undefined : parsePeerKey(text);
}

async function openSigner(context: Context, dir: string, config: Config): Promise<AdminSigner> {
  const now = context.now();
  const identity = await loadIdentityKey(systemDisk, dir);
  const credentials = identity === null
    ? null
    : await loadNodeCredentials(systemDisk, dir, identity, now);
  if (credentials === null) throw await notEnrolled(systemDisk, dir);
  const adminTtlMs = config.certTtls.adminTtl();
  const options = { now, random: systemRandom, adminTtlMs };
  const signer = await loadAdminSigner(systemDisk, dir, credentials, options);
  if (signer !== null) return signer;
  throw new PollenError(
    "failed_precondition",
    "This machine cannot invite others: it does not hold the network's root key.",
    { fix: "Run `pollen invite` on the machine where `pollen init` was run." },
  );
}

/**
 * Where to join: the machines in config.yaml, else what the daemon recommends (or itself) and members
 * that pass requests on to it. Those that can be meant for everybody come first.
 */
async function bootstrapOf(context: Context, config: Config): Promise<BootstrapPeer[]> {
  if (config.bootstrapPeers.length > 0) return config.bootstrapProtoPeers();
  using client = await openClient(context);
  const { recommended, self, forwarders } = await client.getBootstrapInfo({
    signal: context.signal,
  });
  const found = [recommended, self].find(hasAddress);
  const named = [...(found === undefined ? [] : [found]), ...forwarders.filter(hasAddress)];
  if (named.length > 0) {
    const peers = named.map(({ peer, addrs }) => ({ peerPub: peer!.peerId, addrs }));
    const isForAll = ({ addrs }: BootstrapPeer) => addrs.some(isReachableFromOutside);
    return [...peers.filter(isForAll), ...peers.filter((peer) => !isForAll(peer))];
  }
  throw new PollenError(
    "unreachable",
    "The token would carry no address: this machine has none that others can reach.",
    {
      fix:
        "Start the daemon with `pollen up --ips <address>`, or name a machine with --bootstrap KEY@HOST:PORT.",
    },
  );
}

function hasAddress(info: BootstrapPeerInfo | undefined): info is BootstrapPeerInfo {
  return info?.peer !== undefined && info.addrs.length > 0;
}

function notesOf(
  bootstrap: readonly BootstrapPeer[],
  ttlMs: number,
  guestSeconds: number | null,
): string[] {
  const lines = bootstrap.map(({ peerPub, addrs }) =>
    `  ${shortPeerKey(peerKeyFromBytes(peerPub))} at ${addrs.map(printable).join(", ")}`
  );
  const addresses = bootstrap.flatMap(({ addrs }) => addrs);
  const warning = addresses.some(isReachableFromOutside) ? [] : [
    "None of these can be reached from outside this local network. For a machine elsewhere to join,",
    "the network needs one that can: forward a UDP port on a router to it, start it there with",
    "pollen up --advertise HOST:PORT, or name it here with --bootstrap KEY@HOST:PORT",
  ];
  return [
    "This token carries these addresses:",
    ...lines,
    ...warning,
    `It lets one machine join within ${
      describeDuration(ttlMs / 1000)
    }, there with: pollen join <token>`,
    ...(guestSeconds === null ? [] : [
      `Its membership ends ${describeDuration(guestSeconds)} after that, and nobody renews it.`,
    ]),
  ];
}
