// IPv4 addresses as the four bytes that routers' protocols carry.

/** The bytes of a dotted literal. */
export function ipv4Bytes(ip: string): Uint8Array {
  return Uint8Array.from(ip.split("."), Number);
}

/** The dotted literal of four bytes. */
export function ipv4Text(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** Whether two addresses are on one link whose mask this is. */
export function isSameLink(a: string, b: string, mask: string): boolean {
  const [left, right, bits] = [ipv4Bytes(a), ipv4Bytes(b), ipv4Bytes(mask)];
  return bits.every((bit, index) => (left[index]! & bit) === (right[index]! & bit));
}
