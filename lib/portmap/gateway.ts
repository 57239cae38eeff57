// Which router leads to the Internet, as the system's routing table has it, and which of our
// addresses is on the link to it.

import { isIpLiteral } from "../types/mod.ts";
import { ipv4Text, isSameLink } from "./ipv4.ts";
import type { Gateway } from "./types.ts";

/** One address of an interface. */
export interface LinkAddress {
  readonly family: string;
  readonly address: string;
  readonly netmask: string;
}

/** Flags of a route that is up and leads through a router (Linux, `route.h`). */
const UP_AND_GATEWAY = 0x3;

/** The router with the lowest metric in `/proc/self/net/route`; null without one. */
export function routerOfLinux(table: string): string | null {
  const routes = table.split("\n").slice(1).map((line) => line.split(/\s+/)).filter(
    ([, destination, , flags, , , , mask]) =>
      destination === "00000000" && mask === "00000000" &&
      (parseInt(flags ?? "", 16) & UP_AND_GATEWAY) === UP_AND_GATEWAY,
  ).sort((a, b) => Number(a[6]) - Number(b[6]));
  const hex = routes[0]?.[2] ?? "";
  // The bytes of the address in the machine's order, which is little-endian wherever we run.
  return /^[0-9A-F]{8}$/i.test(hex) ? ipv4Text(Uint8Array.fromHex(hex).reverse()) : null;
}

/** The router in what `route -n get default` prints on macOS. */
export function routerOfMac(output: string): string | null {
  return literal(/^\s*gateway:\s*(\S+)\s*$/m.exec(output)?.[1]);
}

/** The router with the lowest metric in what `route print -4 0.0.0.0` prints on Windows. */
export function routerOfWindows(output: string): string | null {
  const routes = [...output.matchAll(/^\s*0\.0\.0\.0\s+0\.0\.0\.0\s+(\S+)\s+\S+\s+(\d+)\s*$/gm)]
    .sort((a, b) => Number(a[2]) - Number(b[2]));
  return literal(routes[0]?.[1]);
}

function literal(text: string | undefined): string | null {
  return text !== undefined && isIpLiteral(text) && !text.includes(":") ? text : null;
}

/** The router with that one of our addresses that is on its link; null when none is. */
export function gatewayOn(router: string, interfaces: readonly LinkAddress[]): Gateway | null {
  const local = interfaces.find(({ family, address, netmask }) =>
    family === "IPv4" && address !== router && isSameLink(address, router, netmask)
  );
  return local === undefined ? null : { ip: router, localIp: local.address };
}

/** The router of this machine now; null without one. Never throws. */
export async function findGateway(): Promise<Gateway | null> {
  try {
    const router = await findRouter();
    return router === null ? null : gatewayOn(router, Deno.networkInterfaces());
  } catch {
    return null;
  }
}

async function findRouter(): Promise<string | null> {
  switch (Deno.build.os) {
    case "linux":
      return routerOfLinux(await Deno.readTextFile("/proc/self/net/route"));
    case "darwin":
      return routerOfMac(await output("/sbin/route", ["-n", "get", "default"]));
    case "windows":
      return routerOfWindows(await output("route", ["print", "-4", "0.0.0.0"]));
    default:
      return null;
  }
}

async function output(program: string, args: string[]): Promise<string> {
  const command = new Deno.Command(program, { args, stdin: "null", stderr: "null" });
  return new TextDecoder().decode((await command.output()).stdout);
}
