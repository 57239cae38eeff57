// What the commands that talk to a registry have in common: addresses, and a token from a file, so
// that no list of processes shows it.

import { isAbsolute, resolve } from "node:path";
import { systemDisk } from "../host/mod.ts";
import {
  isIpLiteral,
  joinHostPort,
  NAMED_FILE_BYTES_MAX,
  PollenError,
  splitHostPort,
} from "../types/mod.ts";
import type { Arguments } from "./arguments.ts";

const GRPC_PORT = 50_051;

/** The addresses of registries between commas; those without a port get gRPC's usual one. */
export function parseRegistries(text: string): string[] {
  return text.split(",").map((part) => {
    const address = part.trim();
    const { host, port } = splitHostPort(
      /:\d+$/.test(address) ? address : `${address}:${GRPC_PORT}`,
    );
    return joinHostPort(host, port);
  });
}

/** The IP addresses between commas that a registry is to serve at; `flag` names where they stand. */
export function parseBind(text: string, flag: string): string[] {
  const ips = text.split(",").map((ip) => ip.trim());
  const wrong = ips.find((ip) => !isIpLiteral(ip));
  if (wrong === undefined) return ips;
  throw new PollenError("invalid_argument", `"${wrong}" is not an IP address.`, {
    fix: `Write addresses of this machine, with commas between: ${flag} 127.0.0.1,192.0.2.7`,
  });
}

/** What a registry's storage is called inside: paths are whole. */
export function parseStorage(text: string): string {
  const path = /^sqlite:(.+)$/s.exec(text)?.[1];
  return path === undefined || isAbsolute(path) ? text : `sqlite:${resolve(path)}`;
}

/**
 * The token in the file that `--token-file` names, or undefined without the flag. What is no token is
 * refused here, without its content: libraries show it when it does not fit a header.
 *
 * @throws {PollenError} `malformed` for anything else than one line of printable ASCII.
 */
export async function readToken(args: Arguments): Promise<string | undefined> {
  const token = (await readFlagFile(args, "token-file"))?.trim();
  if (token === undefined || /^[\x20-\x7e]+$/.test(token)) return token;
  throw new PollenError("malformed", `${args.value("token-file")} holds no token.`, {
    fix: "Write the token alone into it, on one line.",
  });
}

/** The text of the file that a flag names, or undefined without the flag. */
export async function readFlagFile(args: Arguments, flag: string): Promise<string | undefined> {
  const path = args.value(flag);
  if (path === undefined) return undefined;
  const bytes = await systemDisk.read(resolve(path), NAMED_FILE_BYTES_MAX);
  if (bytes === null) {
    throw new PollenError("not_found", `There is no file ${path}.`, { fix: `See --${flag}.` });
  }
  return new TextDecoder().decode(bytes);
}
