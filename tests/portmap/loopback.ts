// Addresses of this machine that only this process of the tests uses, because the ports of routers
// are fixed. Linux has all of 127.0.0.0/8.

/** Why a test of this kind is left out where it is. */
export const ignore = Deno.build.os !== "linux";

/** One of this process's addresses, by its last number. */
export function loopback(last: number): string {
  return `127.${1 + Deno.pid % 250}.${Math.floor(Deno.pid / 250) % 250}.${last}`;
}
