// What the engine's tests share: identities, engines, pairs of sessions, and deadlines.

import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { type EngineOptions, openEngine } from "../../lib/quic/mod.ts";
import type {
  Engine,
  Protocol,
  RawPacket,
  Session,
  SocketAddress,
  Stream,
  TlsIdentity,
} from "../../lib/types/mod.ts";

export const ALPN = "test/1";
export const HEAD_BYTES = 2;
/** How long a test waits for what must come. Reached only where something is broken. */
const DEADLINE_MS = 30_000;

/** A self-signed Ed25519 certificate (RFC 5280, RFC 8410) and its key. */
export function newIdentity(name = "test"): TlsIdentity {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const ed25519 = der(0x30, oid(0x2b, 0x65, 0x70));
  const subject = der(
    0x30,
    der(0x31, der(0x30, oid(0x55, 0x04, 0x03), der(0x0c, new TextEncoder().encode(name)))),
  );
  const time = (text: string) => der(0x18, new TextEncoder().encode(text));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Uint8Array.of(1)),
    ed25519,
    subject,
    der(0x30, time("20200101000000Z"), time("29991231235959Z")),
    subject,
    new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
  );
  const signature = new Uint8Array(sign(null, body, privateKey));
  return {
    certificate: der(0x30, body, ed25519, der(0x03, Uint8Array.of(0), signature)),
    privateKey: new Uint8Array(privateKey.export({ type: "pkcs8", format: "der" })),
  };
}

function oid(...bytes: number[]): Uint8Array {
  return der(0x06, Uint8Array.from(bytes));
}

function der(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const content = new Uint8Array(Buffer.concat(parts));
  const length = content.length;
  const header = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  return new Uint8Array(Buffer.concat([Uint8Array.from(header), content]));
}

export function protocol(options: Partial<Protocol> = {}): Protocol {
  return { alpn: ALPN, identity: newIdentity(), serve: true, headBytes: HEAD_BYTES, ...options };
}

export function openTestEngine(
  protocols: Protocol[] = [protocol()],
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  return openEngine({ address: { ip: "127.0.0.1", port: 0 }, protocols, ...options });
}

/** Two engines with a session between them, admitted on both sides. */
export interface Pair extends AsyncDisposable {
  readonly client: Engine;
  readonly server: Engine;
  /** The client's end of the session. */
  readonly near: Session;
  /** The server's end. */
  readonly far: Session;
}

export async function openPair(
  protocols?: Protocol[],
  options?: Partial<EngineOptions>,
): Promise<Pair> {
  const [client, server] = await Promise.all([
    openTestEngine(protocols, options),
    openTestEngine(protocols, options),
  ]);
  const { near, far } = await connect(client, server);
  near.admit();
  far.admit();
  return {
    client,
    server,
    near,
    far,
    async [Symbol.asyncDispose]() {
      await Promise.all([client.close("test over"), server.close("test over")]);
    },
  };
}

/** Dials; neither side has admitted the other yet. */
export async function connect(
  client: Engine,
  server: Engine,
  alpn = ALPN,
): Promise<{ near: Session; far: Session }> {
  const dialled = client.dial(server.localAddress, { alpn, timeoutMs: 10_000 });
  const [near, far] = await Promise.all([dialled, inTime(server.accept(), "a session")]);
  return { near, far: present(far) };
}

/** A stream that the near end opened and the far end accepted; its head is `head`. */
export async function openStreamPair(
  { near, far }: { near: Session; far: Session },
  head: Uint8Array = Uint8Array.of(7, 8),
): Promise<{ ours: Stream; theirs: Stream }> {
  const ours = await near.openStream();
  await ours.write(head);
  return { ours, theirs: present(await inTime(far.acceptStream(), "a stream")) };
}

/** A transfer from the near to the far end that goes on until it is finished. */
export interface Transfer {
  /** Resolves once much more has arrived than was on its way. */
  goesOn(): Promise<void>;
  /** Ends it, and fails unless what arrived is what was sent. */
  finish(): Promise<void>;
}

export async function startTransfer(sessions: { near: Session; far: Session }): Promise<Transfer> {
  const { ours, theirs } = await openStreamPair(sessions);
  const [sent, received] = [createHash("sha256"), createHash("sha256")];
  let [isOver, bytesSent, bytesReceived] = [false, 0, 0];
  const writing = (async () => {
    for (let seed = 1; !isOver; seed++) {
      const chunk = pattern(64 * 1024, seed);
      sent.update(chunk);
      bytesSent += chunk.length;
      await ours.write(chunk);
      await new Promise((resolve) => setTimeout(resolve));
    }
    ours.finish();
  })();
  const reading = (async () => {
    for (let chunk; (chunk = await theirs.read()) !== null;) {
      received.update(chunk);
      bytesReceived += chunk.length;
    }
  })();
  return {
    async goesOn() {
      const enough = bytesSent + 2 * 1024 * 1024;
      await until(() => bytesReceived >= enough, "the rest of the transfer");
    },
    async finish() {
      isOver = true;
      await inTime(Promise.all([writing, reading]), "the end of the transfer");
      if (sent.digest("hex") !== received.digest("hex")) throw new Error("bytes were changed");
    },
  };
}

/** Reads to the end of the stream. */
export async function readAll(stream: Stream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  while (true) {
    const chunk = await inTime(stream.read(), "bytes of a stream");
    if (chunk === null) return new Uint8Array(Buffer.concat(chunks));
    chunks.push(chunk);
  }
}

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("something was to be there");
  return value;
}

/** More bytes than all windows and buffers between a writer and a reader hold. */
export const MORE_THAN_WINDOWS = new Uint8Array(24 * 1024 * 1024);

/** The promise, or a failure that names what did not come. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in time`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for what nobody tells of, or fails naming it. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come in time`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Bytes that are the same in every run and unlike each other. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A plain UDP socket that is no engine. */
export interface Stranger extends AsyncDisposable {
  readonly address: SocketAddress;
  send(bytes: Uint8Array, to: SocketAddress): Promise<void>;
  receive(): Promise<Uint8Array>;
  receiveFrom(): Promise<RawPacket>;
}

/** Whether nobody has this UDP port. */
export async function isFreeUdp(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once("error", () => resolve(false));
      socket.bind(port, "127.0.0.1", () => resolve(true));
    });
  } finally {
    socket.close();
  }
}

export async function openStranger(): Promise<Stranger> {
  const socket = createSocket("udp4");
  const received: RawPacket[] = [];
  let arrived = () => {};
  socket.on("message", (bytes, { address, port }) => {
    received.push({ bytes: new Uint8Array(bytes), from: { ip: address, port } });
    arrived();
  });
  const receiveFrom = async () => {
    while (true) {
      const packet = received.shift();
      if (packet !== undefined) return packet;
      await inTime(new Promise<void>((resolve) => arrived = resolve), "a packet");
    }
  };
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: { ip: "127.0.0.1", port: socket.address().port },
    send: (bytes, to) =>
      new Promise((resolve, reject) =>
        socket.send(bytes, to.port, to.ip, (error) => error === null ? resolve() : reject(error))
      ),
    receive: async () => (await receiveFrom()).bytes,
    receiveFrom,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
