// UDP sockets in other network namespaces, in this process: a socket stays where it was made, so the
// thread steps over for the moment of making it. By libc, because the runtime makes its own at
// moments that it chooses.

import type { Namespace } from "../../../scripts/support/namespaces.ts";
import {
  ADDRESS_BYTES_MAX,
  decodeAddress,
  encodeAddress,
  familyOf,
  writtenAddress,
} from "./socket_address.ts";
import { until } from "../../../scripts/support/pollen_process.ts";

const SOCK_DGRAM = 2;
const CLONE_NEWNET = 0x40000000;
/** The same number for descriptors, sockets: closed in programs that this one starts. */
const CLOEXEC = 0x80000;
const MSG_DONTWAIT = 0x40;

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

/** A socket on an address of a namespace that keeps what comes. */
export class UdpSocket implements Disposable {
  readonly #libc = openLibc();
  readonly #fd: number;
  readonly #received = new Map<string, string>();
  /** Where it is, as `ip:port` or `[ip]:port`. */
  readonly address: string;

  constructor(namespace: Namespace, ip: string) {
    const { symbols } = this.#libc;
    this.#fd = inside(
      this.#libc,
      namespace,
      () => symbols.socket(familyOf(ip), SOCK_DGRAM | CLOEXEC, 0),
    );
    const wanted = encodeAddress(writtenAddress(ip, 0));
    if (symbols.bind(this.#fd, wanted, wanted.length) !== 0) {
      throw new Error(`no socket on ${ip}`);
    }
    const bound = new Uint8Array(ADDRESS_BYTES_MAX);
    symbols.getsockname(this.#fd, bound, new Uint32Array([bound.length]));
    this.address = decodeAddress(bound);
  }

  /** Its port. */
  get port(): number {
    return Number(/\d+$/.exec(this.address));
  }

  /** Sends to such an address, at once. */
  send(text: string, to: string): void {
    const bytes = new TextEncoder().encode(text);
    const address = encodeAddress(to);
    // A router that refuses what was sent before makes this fail, once; what counts is what arrives.
    for (let tries = 0; tries < 2; tries++) {
      const { sendto } = this.#libc.symbols;
      if (sendto(this.#fd, bytes, BigInt(bytes.length), 0, address, address.length) > 0n) return;
    }
  }

  /** Where this text came from; null unless it came. */
  sourceOf(text: string): string | null {
    const buffer = new Uint8Array(2_048);
    const from = new Uint8Array(ADDRESS_BYTES_MAX);
    for (;;) {
      const size = new Uint32Array([from.length]);
      const { recvfrom } = this.#libc.symbols;
      const capacity = BigInt(buffer.length);
      const count = Number(recvfrom(this.#fd, buffer, capacity, MSG_DONTWAIT, from, size));
      if (count < 0) return this.#received.get(text) ?? null;
      const came = new TextDecoder().decode(buffer.subarray(0, count));
      this.#received.set(came, decodeAddress(from));
    }
  }

  /** Waits for this text; where it came from. */
  async waitFor(text: string): Promise<string> {
    return await until(`${text} arrives`, () => Promise.resolve(this.sourceOf(text)));
  }

  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#fd);
    this.#libc.close();
  }
}
