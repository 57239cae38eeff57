// UDP sockets in other network namespaces, in this process: a socket stays where it was made, so the
// thread steps over for the moment of making it. By libc, because the runtime makes its own at
// moments that it chooses.

import type { Namespace } from "../../../scripts/support/namespaces.ts";
import { until } from "../../../scripts/support/pollen_process.ts";

const AF_INET = 2;
const SOCK_DGRAM = 2;
const CLONE_NEWNET = 0x40000000;
/** The same number for descriptors, sockets: closed in programs that this one starts. */
const CLOEXEC = 0x80000;
const MSG_DONTWAIT = 0x40;
const ADDRESS_BYTES = 16;

function openLibc() {
  return Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    setns: { parameters: ["i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
    recvfrom: {
      parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"],
      result: "isize",
    },
  });
}
type Libc = ReturnType<typeof openLibc>;

/** Runs something in the namespace; it must not wait. */
function inside<T>({ symbols }: Libc, { name }: Namespace, run: () => T): T {
  const open = (path: string) => symbols.open(new TextEncoder().encode(`${path}\0`), CLOEXEC);
  const enter = (namespace: number) => {
    if (symbols.setns(namespace, CLONE_NEWNET) !== 0) throw new Error(`setns: ${name}`);
  };
  const home = open("/proc/thread-self/ns/net");
  const there = open(`/run/netns/${name}`);
  try {
    enter(there);
    try {
      return run();
    } finally {
      enter(home);
    }
  } finally {
    symbols.close(home);
    symbols.close(there);
  }
}

/** A `sockaddr_in`. */
function encodeAddress(ip: string, port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  bytes.set([AF_INET, 0, port >> 8, port & 0xff, ...ip.split(".").map(Number)]);
  return bytes;
}

function decodeAddress(bytes: Uint8Array): { readonly ip: string; readonly port: number } {
  return { ip: bytes.slice(4, 8).join("."), port: bytes[2]! << 8 | bytes[3]! };
}

/** A socket on an IPv4 address of a namespace that keeps what comes. */
export class UdpSocket implements Disposable {
  readonly #libc = openLibc();
  readonly #fd: number;
  readonly #received = new Map<string, string>();
  readonly port: number;

  constructor(namespace: Namespace, ip: string) {
    const { symbols } = this.#libc;
    this.#fd = inside(
      this.#libc,
      namespace,
      () => symbols.socket(AF_INET, SOCK_DGRAM | CLOEXEC, 0),
    );
    if (symbols.bind(this.#fd, encodeAddress(ip, 0), ADDRESS_BYTES) !== 0) {
      throw new Error(`no socket on ${ip}`);
    }
    const bound = new Uint8Array(ADDRESS_BYTES);
    symbols.getsockname(this.#fd, bound, new Uint32Array([ADDRESS_BYTES]));
    this.port = decodeAddress(bound).port;
  }

  /** Sends to `ip:port`, at once. */
  send(text: string, to: string): void {
    const [ip, port] = to.split(":");
    const bytes = new TextEncoder().encode(text);
    const address = encodeAddress(ip!, Number(port));
    // A router that refuses what was sent before makes this fail, once; what counts is what arrives.
    for (let tries = 0; tries < 2; tries++) {
      const { sendto } = this.#libc.symbols;
      if (sendto(this.#fd, bytes, BigInt(bytes.length), 0, address, ADDRESS_BYTES) > 0n) return;
    }
  }

  /** Where this text came from, as `ip:port`; null unless it came. */
  sourceOf(text: string): string | null {
    const buffer = new Uint8Array(2_048);
    const from = new Uint8Array(ADDRESS_BYTES);
    for (;;) {
      const size = new Uint32Array([ADDRESS_BYTES]);
      const { recvfrom } = this.#libc.symbols;
      const capacity = BigInt(buffer.length);
      const count = Number(recvfrom(this.#fd, buffer, capacity, MSG_DONTWAIT, from, size));
      if (count < 0) return this.#received.get(text) ?? null;
      const { ip, port } = decodeAddress(from);
      this.#received.set(new TextDecoder().decode(buffer.subarray(0, count)), `${ip}:${port}`);
    }
  }

  /** Waits for this text; where it came from. */
  async waitFor(text: string): Promise<string> {
    return await until(`${text} arrives`, () => Promise.resolve(this.sourceOf(text)), 5_000);
  }

  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#fd);
    this.#libc.close();
  }
}
