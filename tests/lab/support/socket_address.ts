// Socket addresses of both families, as libc takes them (`sockaddr_in`, `sockaddr_in6` of Linux) and as
// they are written: `ip:port`, `[ip]:port`.

export const AF_INET = 2;
export const AF_INET6 = 10;
/** Of the larger one. */
export const ADDRESS_BYTES_MAX = 28;

export function familyOf(ip: string): number {
  return ip.includes(":") ? AF_INET6 : AF_INET;
}

export function writtenAddress(ip: string, port: number): string {
  return familyOf(ip) === AF_INET6 ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export function encodeAddress(written: string): Uint8Array<ArrayBuffer> {
  const { ip, port } = /^\[?(?<ip>.+?)\]?:(?<port>\d+)$/.exec(written)!.groups!;
  const [high, low] = [Number(port) >> 8, Number(port) & 0xff];
  return familyOf(ip!) === AF_INET
    ? Uint8Array.of(AF_INET, 0, high, low, ...ip!.split(".").map(Number), ...Array(8).fill(0))
    : Uint8Array.of(AF_INET6, 0, high, low, 0, 0, 0, 0, ...ipv6Bytes(ip!), 0, 0, 0, 0);
}

export function decodeAddress(bytes: Uint8Array): string {
  const port = bytes[2]! << 8 | bytes[3]!;
  if (bytes[0] === AF_INET) return `${bytes.slice(4, 8).join(".")}:${port}`;
  const groups = Array.from({ length: 8 }, (_, at) => bytes.slice(8 + 2 * at, 10 + 2 * at).toHex());
  // A URL writes it in the shortest way (RFC 5952).
  return `${new URL(`http://[${groups.join(":")}]`).hostname}:${port}`;
}

function ipv6Bytes(ip: string): number[] {
  const [head = [], tail] = ip.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = Array(8 - head.length - (tail?.length ?? 0)).fill("0");
  const groups = tail === undefined ? head : [...head, ...zeros, ...tail];
  return groups.map((group) => parseInt(group, 16)).flatMap((value) => [value >> 8, value & 0xff]);
}
