// quiche, a QUIC implementation that shares no code with our engine, through the native binding of
// `@matrixai/quic`: what tests and benchmarks hold our engine against. Never part of Pollen. Only
// its build for Linux on x64 exists in the version that we use.

import { createRequire } from "node:module";
import { join } from "../../paths.ts";
import { fetchPackage } from "../foreign_package.ts";

/** Where a UDP packet comes from or goes to. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** How a connection ended, as one of its ends said. */
export interface QuicheError {
  /** Whether the code is the application's and not QUIC's own. */
  readonly isApp: boolean;
  readonly errorCode: number;
  readonly reason: Uint8Array;
}

/** The part of the binding's configuration that we use. */
export interface QuicheConfig {
  grease(isOn: boolean): void;
  setApplicationProtos(names: string[]): void;
  setMaxIdleTimeout(ms: number): void;
  setMaxRecvUdpPayloadSize(bytes: number): void;
  setMaxSendUdpPayloadSize(bytes: number): void;
  setInitialMaxData(bytes: number): void;
  setInitialMaxStreamDataBidiLocal(bytes: number): void;
  setInitialMaxStreamDataBidiRemote(bytes: number): void;
  setInitialMaxStreamsBidi(count: number): void;
  setMaxConnectionWindow(bytes: number): void;
  setMaxStreamWindow(bytes: number): void;
  setActiveConnectionIdLimit(count: number): void;
  enableDgram(isOn: boolean, receiveQueue: number, sendQueue: number): void;
}

/** The part of the binding's connection that we use. `null` stands for quiche's `Done`: not now. */
export interface RawConnection {
  recv(packet: Uint8Array, info: { from: HostPort; to: HostPort }): number;
  send(out: Uint8Array): [number, { from: HostPort; to: HostPort }] | null;
  streamRecv(id: number, out: Uint8Array): [number, boolean] | null;
  streamSend(id: number, bytes: Uint8Array, isLast: boolean): number | null;
  /** Bytes that it would take now. */
  streamCapacity(id: number): number;
  streamFinished(id: number): boolean;
  streamShutdown(id: number, direction: number, code: number): void;
  readable(): Iterable<number>;
  peerStreamsLeftBidi(): number;
  dgramRecvVec(): Uint8Array | null;
  dgramSend(bytes: Uint8Array): void;
  dgramMaxWritableLen(): number | null;
  timeout(): number | null;
  onTimeout(): void;
  close(isApp: boolean, code: number, reason: Uint8Array): void;
  applicationProto(): Uint8Array;
  peerCertChain(): Uint8Array[] | null;
  isEstablished(): boolean;
  isDraining(): boolean;
  isClosed(): boolean;
  isTimedOut(): boolean;
  peerError(): QuicheError | null;
  localError(): QuicheError | null;
  stats(): { readonly lost: number; readonly retrans: number };
}

/** The unprotected part of a packet (RFC 9000, section 17). */
export interface QuicheHeader {
  readonly ty: number;
  readonly version: number;
  readonly dcid: Uint8Array;
  readonly scid: Uint8Array;
  /** Of an Initial or a Retry. */
  readonly token?: Uint8Array;
  /** Of a version negotiation. */
  readonly versions?: number[];
}

export interface Quiche {
  readonly Type: { readonly Initial: number; readonly VersionNegotiation: number };
  readonly Shutdown: { readonly Read: number; readonly Write: number };
  readonly Config: {
    /** Keys and certificates are PEM. */
    withBoringSslCtx(
      verifyPeer: boolean,
      acceptsAnyPeer: boolean,
      authorities: Uint8Array | null,
      keys: Uint8Array[] | null,
      certificates: Uint8Array[] | null,
      signatureAlgorithms: string | null,
    ): QuicheConfig;
  };
  readonly Connection: {
    connect(
      serverName: string | null,
      id: Uint8Array,
      local: HostPort,
      remote: HostPort,
      config: QuicheConfig,
    ): RawConnection;
    accept(
      id: Uint8Array,
      originalId: Uint8Array | null,
      local: HostPort,
      remote: HostPort,
      config: QuicheConfig,
    ): RawConnection;
  };
  readonly Header: { fromSlice(packet: Uint8Array, idBytes: number): QuicheHeader };
  retry(
    scid: Uint8Array,
    dcid: Uint8Array,
    newScid: Uint8Array,
    token: Uint8Array,
    version: number,
    out: Uint8Array,
  ): number;
  negotiateVersion(scid: Uint8Array, dcid: Uint8Array, out: Uint8Array): number;
  versionIsSupported(version: number): boolean;
}

/** Which binding this is, for reports; `package/deno.json` says the same. */
export const QUICHE_NAME = "@matrixai/quic-linux-x64@2.0.9";

/** Why quiche cannot be used on this platform, or null. */
export const QUICHE_UNAVAILABLE: string | null = Deno.build.target === "x86_64-unknown-linux-gnu"
  ? null
  : `no quiche for ${Deno.build.target}`;

let loaded: Quiche | null = null;

/** The binding, fetched and loaded on first use. */
export function quiche(): Quiche {
  if (QUICHE_UNAVAILABLE !== null) throw new Error(QUICHE_UNAVAILABLE);
  if (loaded !== null) return loaded;
  const folder = fetchPackage(new URL("./package/", import.meta.url), "@matrixai/quic-linux-x64");
  loaded = createRequire(import.meta.url)(join(folder, "node.napi.node")) as Quiche;
  return loaded;
}
