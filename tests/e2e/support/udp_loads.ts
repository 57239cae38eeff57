// What people send over UDP services: a resolver's questions, a VPN's packets, a stream at a steady
// rate. The service at the other end is to answer each packet with its bytes backwards.

import { deepEqual } from "node:assert/strict";
import { type Place, pollenOk, until } from "../../../scripts/support/pollen_process.ts";
import { status } from "./network.ts";
import { freeUdpPort, UdpClient } from "./udp.ts";

/** What a tunnel of WireGuard makes of an Ethernet packet. */
export const VPN_BYTES = 1_420;
/** At 1,000 in a second they are 10 Mbit/s. */
const STREAM_BYTES = 1_250;
export const STREAM_PACKETS_PER_SECOND = 1_000;
const ASKERS = 20;

export const backwards = (bytes: Uint8Array) => bytes.toReversed();

/** A packet that differs from others by its number. */
export function packet(size: number, number: number): Uint8Array {
  const bytes = new Uint8Array(size).map((_, at) => at * 31 + number);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** Opens the service on a local port of its own, as soon as it is known there; that port. */
export async function connectUdp(place: Place, name: string): Promise<number> {
  await until(`${name} is known`, async () => {
    const { services } = await status(place);
    return services.some((service) => service.name === name) ? true : null;
  });
  const port = await freeUdpPort();
  await pollenOk(place, ["connect", name, "--local-port", String(port)]);
  return port;
}

/** Asks so many questions, each from a port of its own, and demands the answers. */
export async function askQuestions(port: number, count: number): Promise<void> {
  let next = 0;
  const asker = async () => {
    while (next < count) {
      const question = packet(40, next++);
      await using client = await UdpClient.open(port);
      deepEqual(await client.ask(question), backwards(question));
    }
  };
  await Promise.all(Array.from({ length: ASKERS }, asker));
}

/** Sends so many packets of a VPN, one after the other, and demands that they come back whole. */
export async function exchangePackets(port: number, count: number): Promise<void> {
  await using client = await UdpClient.open(port);
  for (let number = 0; number < count; number++) {
    const sent = packet(VPN_BYTES, number);
    let answer = await client.ask(sent);
    // An answer to a question that was put twice may come later.
    while (answer.at(-1) !== sent[0] || answer.at(-4) !== sent[3]) {
      answer = await client.ask(sent);
    }
    deepEqual(answer, backwards(sent));
  }
}

/** Sends 10 Mbit/s for so long; says how many packets that were. */
export async function sendStream(client: UdpClient, seconds: number): Promise<number> {
  const packets = seconds * STREAM_PACKETS_PER_SECOND;
  for (let sent = 0; sent < packets;) {
    for (let burst = 0; burst < 10; burst++) await client.send(packet(STREAM_BYTES, sent++));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return packets;
}
