// What the measurements ask of a transport, so that each runs the same load: datagrams and streams
// that are echoed, and streams whose bytes are counted and dropped.

/** The first byte of a stream says what the other end does with the rest. */
export const StreamUse = { echo: 1, drop: 2, bridge: 3 } as const;

/** Bytes of one round trip. */
export const MESSAGE_BYTES = 64;
/** Bytes of one write of bulk, and the most that one read asks for. */
export const CHUNK_BYTES = 65_536;

/** A connection stands idle while others are measured; those that send no keep-alives wait so long. */
export const IDLE_TIMEOUT_MS = 600_000;

/** Where a server is, and whom a client has to trust there. */
export interface Target {
  readonly ip: string;
  readonly port: number;
  /** The server's certificate as PEM, for transports that verify it themselves. */
  readonly certificate: string;
}

export interface ServeOptions {
  readonly ip: string;
  /** Where streams for a bridge lead: a TCP port of the server's own host. */
  readonly bridgePort: number;
}

/** One end, in a process of its own. */
export interface Transport extends AsyncDisposable {
  /** Answers those who dial until the end. */
  serve(options: ServeOptions): Promise<Target>;
  dial(target: Target): Promise<Link>;
  /** Bytes of bulk that were received and dropped so far. */
  readonly droppedBytes: number;
}

/** A connection as its client has it. */
export interface Link {
  /** A datagram there and back; over TCP, bytes of a connection that stands. */
  echoDatagram(message: Uint8Array): Promise<void>;
  /** A stream opened, used for the message there and back, and ended; over TCP, a connection. */
  echoStream(message: Uint8Array): Promise<void>;
  /** Writes chunks on one stream until the signal. */
  pour(chunk: Uint8Array, signal: AbortSignal): Promise<void>;
  /** A TCP port of this host whose connections lead through this link to the server's bridge port. */
  forward?(): Promise<number>;
  close(): Promise<void>;
}

/** A message with its use before it. */
export function withUse(use: number, message: Uint8Array): Uint8Array {
  const whole = new Uint8Array(1 + message.length);
  whole[0] = use;
  whole.set(message, 1);
  return whole;
}
