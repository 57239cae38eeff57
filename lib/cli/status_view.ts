// What `pollen status` shows: tables for people, one object for programs. Pure.

import { CertHealth, type CertInfo, type GetStatusResponse } from "../proto/control.ts";
import { ALPN_MEMBER_1, CLOCK_SKEW_SECONDS, type PeerKey, type WallMs } from "../types/mod.ts";
import {
  distinctLength,
  type Forward,
  isReachable,
  type Machine,
  type Network,
  networkOf,
  portText,
} from "./network.ts";
import { networkInfoJson, networkInfoLines } from "./network_info_view.ts";
import { socketJson, socketLines } from "./socket_view.ts";
import { describeDuration, printable, renderTable, rfc3339, type Style, styleOf } from "./text.ts";

/** How much to show, and when it is. */
export interface StatusViewOptions {
  /** Also what is offline. */
  readonly all: boolean;
  /** Keys in full. */
  readonly wide: boolean;
  readonly isColored: boolean;
  readonly now: WallMs;
  /** What the daemon's machine, which is this one, runs. */
  readonly os: typeof Deno.build.os;
}

/**
 * The tables PEERS, SERVICES and FORWARDS, what is to be known of the own membership, what of the
 * socket is worse than it could be, and what keeps this machine from taking part.
 */
export function renderStatus(response: GetStatusResponse, options: StatusViewOptions): string {
  const network = networkOf(response);
  const style = styleOf(options.isColored);
  const show = keyText(network, options.wide);
  const sections = [
    peerLines(network, options.all, show, style),
    serviceLines(network, options.all, show, style),
    forwardLines(network, show, style),
    membershipLines(response.certificates, options.now, style),
    networkInfoLines(response.network),
    socketLines(response.socket, options.os).map(style.warning),
    conditionLines(response, style),
  ];
  return sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"))
    .join("\n\n");
}

type KeyText = (key: PeerKey) => string;

function keyText({ self, peers, services, forwards }: Network, wide: boolean): KeyText {
  if (wide) return (key) => key;
  const keys = [...peers, ...(self === null ? [] : [self])].map(({ key }) => key);
  const providers = [...services, ...forwards].map(({ provider }) => provider);
  const length = distinctLength([...keys, ...providers]);
  return (key) => key.slice(0, length);
}

function peerLines({ self, peers }: Network, all: boolean, show: KeyText, style: Style): string[] {
  const shown = all ? peers : peers.filter(isReachable);
  const row = (machine: Machine) => [
    machine.isSelf ? `${show(machine.key)} (self)` : show(machine.key),
    statusText(machine, show),
    printable(machine.address),
  ];
  const rows = [...(self === null ? [] : [self]), ...shown].map(row);
  const hidden = peers.length - shown.length;
  return [
    ...renderTable("PEERS", ["NODE", "STATUS", "ADDR"], rows, style),
    ...(hidden > 0 ? [`offline peers: ${hidden} (use --all)`] : []),
  ];
}

/** The status, and what is particular about it. */
function statusText(machine: Machine, show: KeyText): string {
  const carrier = machine.path?.carrier ?? null;
  const remarks = [
    ...(carrier === null ? [] : [`through ${show(carrier)}`]),
    ...(machine.isPublic && isReachable(machine) ? ["public"] : []),
    ...(machine.protocol === ALPN_MEMBER_1 ? [ALPN_MEMBER_1] : []),
  ];
  return remarks.length === 0 ? machine.status : `${machine.status} (${remarks.join(", ")})`;
}

function serviceLines(network: Network, all: boolean, show: KeyText, style: Style): string[] {
  const { services, forwards } = network;
  if (services.length === 0) return [];
  const shown = all ? services : services.filter(({ isOnline }) => isOnline);
  const rows = shown.map(({ name, provider, port, transport }) => [
    printable(name),
    show(provider),
    portText(port, transport),
    forwards.filter((forward) =>
      forward.provider === provider && forward.remotePort === port &&
      forward.transport === transport
    ).map(({ localPort }) => String(localPort)).join(", "),
  ]);
  const hidden = services.length - shown.length;
  return [
    ...renderTable("SERVICES", ["SERVICE", "PROVIDER", "PORT", "LOCAL"], rows, style),
    ...(hidden > 0 ? [`offline services: ${hidden} (use --all)`] : []),
    ...services.filter(({ droppedPackets }) => droppedPackets > 0).map((service) =>
      style.warning(droppedText(service.name, service.droppedPackets))
    ),
  ];
}

function droppedText(service: string, packets: number): string {
  return `${printable(service) || "-"}: ${packets} packets dropped`;
}

function forwardLines({ forwards }: Network, show: KeyText, style: Style): string[] {
  if (forwards.length === 0) return [];
  const rows = forwards.map((forward) => [
    localText(forward),
    printable(forward.service),
    show(forward.provider),
    portText(forward.remotePort, forward.transport),
    String(forward.activeTunnels),
    printable(forward.lastFailure),
  ]);
  const header = ["LOCAL", "SERVICE", "PROVIDER", "REMOTE", "OPEN", "LAST FAILURE"];
  return [
    ...renderTable("FORWARDS", header, rows, style),
    ...forwards.filter(({ droppedPackets }) => droppedPackets > 0).map((forward) =>
      style.warning(droppedText(forward.service, forward.droppedPackets))
    ),
  ];
}

function localText({ localPort, requestedLocalPort }: Forward): string {
  const isOther = requestedLocalPort !== 0 && requestedLocalPort !== localPort;
  return `127.0.0.1:${localPort}${isOther ? ` (asked for ${requestedLocalPort})` : ""}`;
}

/** One line about the membership that lasts longest. */
function membershipLines(certificates: readonly CertInfo[], now: WallMs, style: Style): string[] {
  const latest = certificates.reduce<CertInfo | null>(
    (best, next) => best === null || next.notAfterUnix > best.notAfterUnix ? next : best,
    null,
  );
  if (latest === null) return [];
  const seconds = Number(latest.notAfterUnix) + CLOCK_SKEW_SECONDS - now / 1000;
  const name = latest.nonRenewable ? "guest membership" : "membership";
  const renewal = latest.nonRenewable
    ? "request a new invite"
    : "join again with a new invite, or contact who runs the network";
  // That it has ended is told, with the cure, among the conditions.
  if (latest.health === CertHealth.EXPIRED || seconds <= 0) return [];
  const text = `${name} expires in ${describeDuration(seconds)}`;
  switch (latest.health) {
    case CertHealth.EXPIRING_SOON:
      return [
        style.warning(
          latest.nonRenewable ? `${text} — ${renewal}` : `${text} — it was not renewed: ${renewal}`,
        ),
      ];
    case CertHealth.RENEWING:
      return [style.warning(`${text} — it is being renewed`)];
    default:
      return [style.good(text)];
  }
}

/** What keeps this machine from taking part: last, where the eye ends. */
function conditionLines({ conditions }: GetStatusResponse, style: Style): string[] {
  return conditions.map(({ message, fix }) => style.bad(printable(`${message} ${fix}`)));
}

const HEALTH_NAMES: Readonly<Record<number, string>> = {
  [CertHealth.OK]: "ok",
  [CertHealth.EXPIRING_SOON]: "expiringSoon",
  [CertHealth.EXPIRED]: "expired",
  [CertHealth.RENEWING]: "renewing",
};

/** Everything the daemon said, offline things too, for programs. */
export function statusJson(response: GetStatusResponse): Record<string, unknown> {
  const { self, peers, services, forwards } = networkOf(response);
  const machine = ({ key, status, address, isPublic, protocol, version, path }: Machine) => ({
    key,
    status,
    address: address === "" ? null : address,
    isPublic,
    protocol,
    version,
    path: path === null ? null : {
      carrier: path.carrier,
      since: rfc3339(path.sinceUnix),
      rttMs: path.rttMs,
      packetsSent: path.packetsSent,
      packetsLost: path.packetsLost,
      // Of all packets since the session began, from 0 to 1.
      loss: path.packetsSent === 0 ? 0 : path.packetsLost / path.packetsSent,
    },
  });
  return {
    self: self === null ? null : machine(self),
    peers: peers.map(machine),
    services,
    forwards: forwards.map((forward) => ({
      ...forward,
      requestedLocalPort: forward.requestedLocalPort === 0 ? null : forward.requestedLocalPort,
      service: forward.service === "" ? null : forward.service,
      lastFailure: forward.lastFailure === "" ? null : forward.lastFailure,
    })),
    certificates: response.certificates.map((certificate) => ({
      notBefore: rfc3339(certificate.notBeforeUnix),
      notAfter: rfc3339(certificate.notAfterUnix),
      // A 64-bit number is more than JSON's readers hold.
      serial: certificate.serial.toString(16).padStart(16, "0"),
      health: HEALTH_NAMES[certificate.health] ?? "unknown",
      isRenewable: !certificate.nonRenewable,
    })),
    network: networkInfoJson(response.network),
    socket: socketJson(response.socket),
    // By limit, how often it refused something.
    limitsReached: Object.fromEntries(
      [...response.limitsReached].map(([limit, count]) => [limit, Number(count)]),
    ),
    conditions: response.conditions.map(({ kind, message, fix }) => ({ kind, message, fix })),
  };
}
