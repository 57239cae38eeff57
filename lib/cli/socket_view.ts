// What `pollen status` says of the UDP socket: to people only what is worse than it could be, with
// what to do about it; to programs everything. Pure.

import type { SocketInfo } from "../proto/mod.ts";

/** Smaller buffers lose packets where bulk arrives in bursts. */
const BUFFER_BYTES_ENOUGH = 2 * 1024 * 1024;
/** What a node asks for. */
const BUFFER_BYTES_WANTED = 8 * 1024 * 1024;

type System = typeof Deno.build.os;

/** What raises the system's bound on buffers; null where there is no such bound. */
const RAISE: Readonly<Partial<Record<System, string>>> = {
  linux:
    `sudo sysctl -w net.core.rmem_max=${BUFFER_BYTES_WANTED} net.core.wmem_max=${BUFFER_BYTES_WANTED}`,
  darwin: `sudo sysctl -w kern.ipc.maxsockbuf=${2 * BUFFER_BYTES_WANTED}`,
};

/** One sentence for each thing that is worse than it could be. */
export function socketLines(socket: SocketInfo | undefined, os: System): string[] {
  if (socket === undefined) return [];
  const { receiveBufferBytes: receive, sendBufferBytes: send } = socket;
  if (receive === 0n) return ["the UDP socket broke — its port is being bound again"];
  const lines: string[] = [];
  if (receive < BUFFER_BYTES_ENOUGH || send < BUFFER_BYTES_ENOUGH) {
    const raise = RAISE[os];
    lines.push(
      `small socket buffers: the system grants ${kibibytes(receive)} for receiving and ` +
        `${kibibytes(send)} for sending, and fast transfers will lose packets` +
        (raise === undefined ? "" : ` — raise them with "${raise}" and start the node again`),
    );
  }
  // Elsewhere no system does it.
  if (os === "linux" && socket.segmentsMax <= 1) lines.push(oneByOne("sends", "UDP_SEGMENT"));
  if (os === "linux" && !socket.coalesces) lines.push(oneByOne("receives", "UDP_GRO"));
  return lines;
}

function oneByOne(verb: string, option: string): string {
  return `the system ${verb} packets one by one, which slows transfers down: its kernel or sandbox ` +
    `refuses ${option}, or POLLEN_QUIC_OFFLOAD is off`;
}

function kibibytes(bytes: bigint): string {
  return `${bytes / 1024n} KiB`;
}

/** Everything that is known of it; null from a daemon that does not say. */
export function socketJson(socket: SocketInfo | undefined): Record<string, unknown> | null {
  if (socket === undefined) return null;
  const { receiveBufferBytes, sendBufferBytes, segmentsMax, coalesces, rebinds } = socket;
  return {
    receiveBufferBytes: Number(receiveBufferBytes),
    sendBufferBytes: Number(sendBufferBytes),
    segmentsMax,
    coalesces,
    rebinds: Number(rebinds),
    faults: Object.fromEntries(socket.faults.map(({ kind, count }) => [kind, Number(count)])),
  };
}
