// UDP as tests need it: a service that answers, and clients that ask and count.

import { createSocket, type Socket } from "node:dgram";

function bind(port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, "127.0.0.1", () => resolve(socket));
  });
}

/** Answers each packet to where it came from. */
export class UdpOrigin implements AsyncDisposable {
  /** Packets that came. */
  received = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket, answer: (question: Uint8Array) => Uint8Array) {
    this.#socket = socket;
    socket.on("message", (bytes, { port, address }) => {
      this.received++;
      socket.send(answer(new Uint8Array(bytes)), port, address);
    });
  }

  static async open(
    answer: (question: Uint8Array) => Uint8Array,
    port = 0,
  ): Promise<UdpOrigin> {
    return new UdpOrigin(await bind(port), answer);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}

/** A program that sends to one local port. */
export class UdpClient implements AsyncDisposable {
  /** Packets that came, the oldest first. */
  readonly received: Uint8Array[] = [];
  readonly #socket: Socket;
  readonly #port: number;
  #arrived = () => {};

  private constructor(socket: Socket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.on("message", (bytes) => {
      this.received.push(new Uint8Array(bytes));
      this.#arrived();
    });
  }

  static async open(port: number): Promise<UdpClient> {
    return new UdpClient(await bind(0), port);
  }

  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#socket.send(
        bytes,
        this.#port,
        "127.0.0.1",
        (error) => error === null ? resolve() : reject(error),
      )
    );
  }

  /** Waits for the next packet for so long; null when none came. */
  async receive(milliseconds: number): Promise<Uint8Array | null> {
    if (this.received.length === 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
        timer = setTimeout(resolve, milliseconds);
      });
      clearTimeout(timer);
    }
    return this.received.shift() ?? null;
  }

  /** Asks as a resolver does: once more when no answer comes, up to a bound. */
  async ask(question: Uint8Array): Promise<Uint8Array> {
    for (let attempt = 0; attempt < 30; attempt++) {
      await this.send(question);
      const answer = await this.receive(1_000);
      if (answer !== null) return answer;
    }
    throw new Error("no answer came to a question that was put thirty times");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}

/** A UDP port that was free a moment ago. */
export async function freeUdpPort(): Promise<number> {
  const socket = await bind(0);
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
