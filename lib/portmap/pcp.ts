// PCP, the Port Control Protocol (RFC 6887): MAP requests for UDP to the router, and its answers.

import { PCP_BYTES_MAX, PollenError } from "../types/mod.ts";
import { ipv4Bytes, ipv4Text } from "./ipv4.ts";
import type { MappingClient, MappingWish } from "./types.ts";
import { exchange } from "./udp_exchange.ts";

const VERSION = 2;
const MAP = 1;
const RESPONSE = 0x80;
const UDP = 17;
const HEADER_BYTES = 24;
const MAP_BYTES = 60;
/** Bytes of the nonce that shows that a mapping is ours (section 11.1). */
export const NONCE_BYTES = 12;
/** IPv4 addresses are written as IPv6 ones (section 5). */
const V4_MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** The answer to a MAP request that was granted. */
export interface PcpAnswer {
  readonly externalIp: string;
  readonly externalPort: number;
  readonly lifetimeSeconds: number;
}

/** A MAP request. A lifetime of 0 takes the mapping away. */
export function encodePcpMap(
  { gateway, internalPort, externalPort, lifetimeMs }: MappingWish,
  nonce: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(MAP_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([VERSION, MAP]);
  view.setUint32(4, lifetimeMs / 1_000);
  bytes.set([...V4_MAPPED, ...ipv4Bytes(gateway.localIp)], 8);
  bytes.set(nonce, HEADER_BYTES);
  bytes[36] = UDP;
  view.setUint16(40, internalPort);
  view.setUint16(42, externalPort);
  bytes.set(V4_MAPPED, 44); // Any IPv4 address (section 11.1).
  return bytes;
}

/**
 * What an answer grants; null when it answers something else, and is not to be taken for ours.
 *
 * @throws {PollenError} `refused` with the router's code, `unsupported` when it does not speak PCP,
 *   `malformed`.
 */
export function decodePcpMap(
  bytes: Uint8Array,
  nonce: Uint8Array,
  internalPort: number,
): PcpAnswer | null {
  if (bytes.length < 4 || bytes.length > PCP_BYTES_MAX) return null;
  // A router that speaks NAT-PMP alone answers in its own, shorter form (RFC 6886, section 3.5).
  if (bytes[0] !== VERSION) throw new PollenError("unsupported", "The router does not speak PCP.");
  if (bytes[1] !== (RESPONSE | MAP)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isOurs = bytes.length >= MAP_BYTES && bytes[36] === UDP &&
    nonce.every((byte, index) => byte === bytes[HEADER_BYTES + index]) &&
    view.getUint16(40) === internalPort;
  if (!isOurs) return null;
  if (bytes[3] !== 0) {
    throw new PollenError("refused", `The router refused by PCP, with code ${bytes[3]}.`);
  }
  const address = bytes.subarray(44, 60);
  if (!V4_MAPPED.every((byte, index) => byte === address[index])) {
    throw new PollenError("malformed", "The router granted an address that is not IPv4.");
  }
  return {
    externalIp: ipv4Text(address.subarray(12)),
    externalPort: view.getUint16(42),
    lifetimeSeconds: view.getUint32(4),
  };
}

/** Asks by PCP. With the same nonce a node that was killed gets its mapping back. */
export function pcpClient(nonce: Uint8Array): MappingClient {
  const ask = (wish: MappingWish, signal: AbortSignal) =>
    exchange(
      wish.gateway,
      encodePcpMap(wish, nonce),
      (bytes) => decodePcpMap(bytes, nonce, wish.internalPort),
      signal,
    );
  return {
    protocol: "pcp",
    async map(wish, signal) {
      const { externalIp, externalPort, lifetimeSeconds } = await ask(wish, signal);
      return {
        protocol: "pcp",
        gateway: wish.gateway,
        internalPort: wish.internalPort,
        external: { ip: externalIp, port: externalPort },
        lifetimeMs: lifetimeSeconds * 1_000,
      };
    },
    async unmap({ gateway, internalPort }, signal) {
      await ask({ gateway, internalPort, externalPort: 0, lifetimeMs: 0 }, signal);
    },
  };
}
