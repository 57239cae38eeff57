// Relayed packets as docs/pollen-2.md describes them, read and made by nothing of pollen's: what a
// carrier with a program of its own does with the keys of its legs.

import { createCipheriv, createDecipheriv } from "node:crypto";

const FIRST_BYTE = 0x04;
const TAG_BYTES = 8;
const NUMBER_BYTES = 6;
const SIGNED_BYTES = 1 + TAG_BYTES + NUMBER_BYTES;
const SEAL_BYTES = 16;
const HEADER_BYTES = SIGNED_BYTES + SEAL_BYTES;
const CIPHER = "aes-128-gcm";

/** The tag of the leg that a packet says it is of, in hexadecimal; null unless it is a relayed one. */
export function legTag(packet: Uint8Array): string | null {
  if (packet[0] !== FIRST_BYTE || packet.length <= HEADER_BYTES) return null;
  return packet.subarray(1, 1 + TAG_BYTES).toHex();
}

/** What is in a relayed packet; null if it is not genuine. */
export function open(key: Uint8Array, packet: Uint8Array): Uint8Array | null {
  const signed = packet.subarray(0, SIGNED_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonceOf(signed));
  decipher.setAAD(signed).setAuthTag(packet.subarray(SIGNED_BYTES, HEADER_BYTES));
  try {
    const inside = decipher.update(packet.subarray(HEADER_BYTES));
    decipher.final();
    return new Uint8Array(inside);
  } catch {
    return null;
  }
}

/** Seals packets for one direction of a leg, numbered from 1. */
export class Sealer {
  #number = 0;

  constructor(readonly tag: Uint8Array, readonly key: Uint8Array) {}

  seal(packet: Uint8Array): Uint8Array {
    const sealed = new Uint8Array(HEADER_BYTES + packet.length);
    sealed[0] = FIRST_BYTE;
    sealed.set(this.tag, 1);
    const view = new DataView(sealed.buffer);
    this.#number++;
    view.setUint16(1 + TAG_BYTES, Math.floor(this.#number / 2 ** 32));
    view.setUint32(1 + TAG_BYTES + 2, this.#number % 2 ** 32);
    const signed = sealed.subarray(0, SIGNED_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, nonceOf(signed)).setAAD(signed);
    sealed.set(cipher.update(packet), HEADER_BYTES);
    cipher.final();
    sealed.set(cipher.getAuthTag(), SIGNED_BYTES);
    return sealed;
  }
}

function nonceOf(signed: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce.set(signed.subarray(1 + TAG_BYTES), 12 - NUMBER_BYTES);
  return nonce;
}
