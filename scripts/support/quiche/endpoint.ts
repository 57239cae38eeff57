// A UDP socket and the quiche connections on it, as client, as server or as both: the pump between
// the binding, which knows neither sockets nor clocks, and the network.

import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import { BoundedQueue, type SocketAddress, type TlsIdentity } from "../../../lib/types/mod.ts";
import {
  type HostPort,
  quiche,
  type QuicheConfig,
  type QuicheHeader,
  type RawConnection,
} from "./binding.ts";
import { QuicheConnection } from "./connection.ts";

const CONNECTION_ID_BYTES = 16;
/** The token of our Retry: what is bound to an address elsewhere needs no more on one machine. */
const RETRY_TOKEN = new TextEncoder().encode("retried");
const MEBIBYTE = 1024 * 1024;

export interface QuicheOptions {
  /** Shown to the peer; null shows nothing, which only a client may do. */
  readonly identity: TlsIdentity | null;
  readonly alpns: readonly string[];
  /** Whether to take a certificate of any content, or only those of a known authority: no one. */
  readonly acceptsAnyPeer?: boolean;
  /** Whether to answer those who dial us. */
  readonly serve?: boolean;
  /** Whether to have those who dial us prove their address first (RFC 9000, section 8.1.2). */
  readonly retry?: boolean;
  /** Milliseconds. */
  readonly idleTimeoutMs?: number;
  /** The largest UDP payload that is sent or taken; at least 1200 (RFC 9000, section 14). */
  readonly udpPayloadBytesMax?: number;
  /** The address to bind; the system chooses the port. */
  readonly ip?: string;
}

/** A connection by the ids under which its packets come. */
interface Entry {
  readonly connection: QuicheConnection;
  readonly ids: string[];
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class QuicheEndpoint implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #local: HostPort;
  readonly #options: QuicheOptions;
  readonly #config: QuicheConfig;
  readonly #entries = new Map<string, Entry>();
  readonly #all = new Set<Entry>();
  readonly #incoming = new BoundedQueue<QuicheConnection>(1_024);
  readonly #out: Uint8Array;
  #isClosed = false;

  private constructor(socket: Socket, options: QuicheOptions) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.#local = { host: address, port };
    this.#options = options;
    this.#config = configure(options);
    this.#out = new Uint8Array(options.udpPayloadBytesMax ?? PAYLOAD_BYTES);
    socket.on("message", (packet, from) => {
      this.#received(packet, { host: from.address, port: from.port });
    });
  }

  static async open(options: QuicheOptions): Promise<QuicheEndpoint> {
    const ip = options.ip ?? "127.0.0.1";
    const socket = createSocket(ip.includes(":") ? "udp6" : "udp4");
    await new Promise<void>((resolve) => socket.bind(0, ip, resolve));
    return new QuicheEndpoint(socket, options);
  }

  get address(): SocketAddress {
    return { ip: this.#local.host, port: this.#local.port };
  }

  /** Dials; the connection's handshake is complete when `established` says so. */
  connect({ ip, port }: SocketAddress): QuicheConnection {
    const id = newConnectionId();
    const remote = { host: ip, port };
    const raw = quiche().Connection.connect(null, id, this.#local, remote, this.#config);
    const entry = this.#add(raw, true, [id]);
    this.#flush(entry);
    return entry.connection;
  }

  /** The next connection that somebody dialled to us, its handshake under way; null once closed. */
  accept(): Promise<QuicheConnection | null> {
    return this.#incoming.next();
  }

  /** Ends every connection with code 0 and closes the socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { connection } of this.#all) connection.close(0, "");
    this.#isClosed = true;
    for (const { timer } of this.#all) clearTimeout(timer);
    this.#incoming.close();
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #received(packet: Buffer, from: HostPort): void {
    const { Header, Type } = quiche();
    let header: QuicheHeader;
    try {
      header = Header.fromSlice(packet, CONNECTION_ID_BYTES);
    } catch {
      return; // No QUIC packet.
    }
    const isInitial = header.ty === Type.Initial;
    const entry = this.#entries.get(keyOf(header.dcid)) ??
      (isInitial && this.#options.serve === true ? this.#admit(header, from) : undefined);
    if (entry === undefined) return;
    try {
      entry.connection.raw.recv(packet, { from, to: this.#local });
    } catch {
      // The connection has noted the error and says it in what it sends next.
    }
    this.#turn(entry);
  }

  /** The first packet of somebody who dials us; no entry where it is answered by a Retry. */
  #admit({ dcid, scid, version, token }: QuicheHeader, from: HostPort): Entry | undefined {
    const api = quiche();
    if (this.#options.retry === true && (token === undefined || token.length === 0)) {
      // Our id for the connection tells, when it comes back, which one the client had chosen.
      const id = newConnectionId();
      this.#retried.set(keyOf(id), Uint8Array.from(dcid));
      const length = api.retry(scid, dcid, id, RETRY_TOKEN, version, this.#out);
      this.#send(Buffer.from(this.#out.subarray(0, length)), from);
      return undefined;
    }
    const original = this.#retried.get(keyOf(dcid)) ?? null;
    const id = original === null ? newConnectionId() : Uint8Array.from(dcid);
    const raw = api.Connection.accept(id, original, this.#local, from, this.#config);
    const entry = this.#add(raw, false, [id, dcid]);
    this.#incoming.push(entry.connection);
    return entry;
  }

  readonly #retried = new Map<string, Uint8Array>();

  #add(raw: RawConnection, isClient: boolean, ids: Uint8Array[]): Entry {
    const entry: Entry = {
      connection: new QuicheConnection(raw, isClient, () => this.#flush(entry)),
      ids: ids.map(keyOf),
      timer: undefined,
    };
    for (const id of entry.ids) this.#entries.set(id, entry);
    this.#all.add(entry);
    return entry;
  }

  #turn(entry: Entry): void {
    this.#flush(entry);
    entry.connection.turned();
    if (entry.connection.raw.isClosed()) this.#forget(entry);
  }

  /** Sends what the connection has to send, and waits for its next moment. */
  #flush(entry: Entry): void {
    if (this.#isClosed) return;
    const { raw } = entry.connection;
    for (let sent = raw.send(this.#out); sent !== null; sent = raw.send(this.#out)) {
      const [length, { to }] = sent;
      this.#send(Buffer.from(this.#out.subarray(0, length)), to);
    }
    clearTimeout(entry.timer);
    const ms = raw.timeout();
    if (ms === null) return;
    entry.timer = setTimeout(() => {
      raw.onTimeout();
      this.#turn(entry);
    }, Math.ceil(ms));
  }

  #send(packet: Buffer, { host, port }: HostPort): void {
    // What cannot be sent is lost, as packets are.
    this.#socket.send(packet, port, host, () => {});
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.timer);
    for (const id of entry.ids) this.#entries.delete(id);
    this.#all.delete(entry);
  }
}

const PAYLOAD_BYTES = 1_350;

function configure(options: QuicheOptions): QuicheConfig {
  const { identity, acceptsAnyPeer = true, udpPayloadBytesMax = PAYLOAD_BYTES } = options;
  const config = quiche().Config.withBoringSslCtx(
    true,
    acceptsAnyPeer,
    null,
    identity === null ? null : [pem("PRIVATE KEY", identity.privateKey)],
    identity === null ? null : [pem("CERTIFICATE", identity.certificate)],
    "ed25519:ecdsa_secp256r1_sha256",
  );
  config.setApplicationProtos([...options.alpns]);
  config.setMaxIdleTimeout(options.idleTimeoutMs ?? 30_000);
  config.setMaxRecvUdpPayloadSize(udpPayloadBytesMax);
  config.setMaxSendUdpPayloadSize(udpPayloadBytesMax);
  config.setInitialMaxData(16 * MEBIBYTE);
  config.setInitialMaxStreamDataBidiLocal(4 * MEBIBYTE);
  config.setInitialMaxStreamDataBidiRemote(4 * MEBIBYTE);
  config.setInitialMaxStreamsBidi(1_024);
  config.enableDgram(true, 1_024, 1_024);
  return config;
}

function newConnectionId(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(CONNECTION_ID_BYTES));
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString("latin1");
}

function pem(label: string, der: Uint8Array): Uint8Array {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g)!.join("\n");
  return new TextEncoder().encode(`-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`);
}
