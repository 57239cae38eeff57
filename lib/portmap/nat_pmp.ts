// NAT-PMP (RFC 6886), PCP's forerunner: two requests to the router, one for its outer address and one
// for an UDP port of it.

import { PollenError } from "../types/mod.ts";
import { ipv4Text } from "./ipv4.ts";
import type { MappingClient, MappingWish } from "./types.ts";
import { exchange } from "./udp_exchange.ts";

const VERSION = 0;
const ADDRESS = 0;
const MAP_UDP = 1;
const RESPONSE = 128;
const ADDRESS_BYTES = 12;
const MAP_BYTES = 16;

/** The request for the router's outer address (section 3.2). */
export const ADDRESS_REQUEST: Uint8Array = Uint8Array.of(VERSION, ADDRESS);

/** A granted port. */
export interface NatPmpAnswer {
  readonly externalPort: number;
  readonly lifetimeSeconds: number;
}

/** A request for a port (section 3.3). A lifetime of 0 takes the mapping away. */
export function encodeNatPmpMap({ internalPort, externalPort, lifetimeMs }: MappingWish) {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  bytes.set([VERSION, MAP_UDP]);
  view.setUint16(4, internalPort);
  view.setUint16(6, externalPort);
  view.setUint32(8, lifetimeMs / 1_000);
  return bytes;
}

/**
 * The router's outer address; null when it answers something else.
 *
 * @throws {PollenError} `refused` with the router's code.
 */
export function decodeNatPmpAddress(bytes: Uint8Array): string | null {
  const view = viewOf(bytes, ADDRESS, ADDRESS_BYTES);
  return view === null ? null : ipv4Text(bytes.subarray(8, 12));
}

/**
 * What an answer grants; null when it answers something else.
 *
 * @throws {PollenError} `refused` with the router's code.
 */
export function decodeNatPmpMap(bytes: Uint8Array, internalPort: number): NatPmpAnswer | null {
  const view = viewOf(bytes, MAP_UDP, MAP_BYTES);
  if (view === null || view.getUint16(8) !== internalPort) return null;
  return { externalPort: view.getUint16(10), lifetimeSeconds: view.getUint32(12) };
}

/** The bytes of an answer to this request; null when they are none. */
function viewOf(bytes: Uint8Array, opcode: number, length: number): DataView | null {
  if (bytes.length < 4 || bytes[0] !== VERSION || bytes[1] !== RESPONSE + opcode) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const code = view.getUint16(2);
  if (code !== 0) {
    throw new PollenError("refused", `The router refused by NAT-PMP, with code ${code}.`);
  }
  return bytes.length < length ? null : view;
}

/** Asks by NAT-PMP. */
export function natPmpClient(): MappingClient {
  const ask = (wish: MappingWish, signal: AbortSignal) =>
    exchange(
      wish.gateway,
      encodeNatPmpMap(wish),
      (bytes) => decodeNatPmpMap(bytes, wish.internalPort),
      signal,
    );
  return {
    protocol: "nat_pmp",
    async map(wish, signal) {
      const ip = await exchange(wish.gateway, ADDRESS_REQUEST, decodeNatPmpAddress, signal);
      const { externalPort, lifetimeSeconds } = await ask(wish, signal);
      return {
        protocol: "nat_pmp",
        gateway: wish.gateway,
        internalPort: wish.internalPort,
        external: { ip, port: externalPort },
        lifetimeMs: lifetimeSeconds * 1_000,
      };
    },
    async unmap({ gateway, internalPort }, signal) {
      await ask({ gateway, internalPort, externalPort: 0, lifetimeMs: 0 }, signal);
    },
  };
}
