// What a call may carry: ports that are ports, and names that can name a service.

import {
  isPort,
  PollenError,
  SERVICE_NAME_LENGTH_MAX,
  SERVICE_NAME_LENGTH_MIN,
} from "../types/mod.ts";

/** @throws {PollenError} `invalid_argument` for a number that no port has; `what` begins the sentence. */
export function assertPort(port: number, what: string): void {
  if (isPort(port)) return;
  throw new PollenError("invalid_argument", `${what} ${port} is not a port.`, {
    fix: "Give a number from 1 to 65535.",
  });
}

/** @throws {PollenError} `invalid_argument` for a name that is not 1…64 printable characters. */
export function assertServiceName(name: string): void {
  // deno-lint-ignore no-control-regex
  const isPrintable = !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name);
  const length = [...name].length;
  if (isPrintable && length >= SERVICE_NAME_LENGTH_MIN && length <= SERVICE_NAME_LENGTH_MAX) return;
  throw new PollenError("invalid_argument", "That name cannot name a service.", {
    fix: `Use ${SERVICE_NAME_LENGTH_MIN} to ${SERVICE_NAME_LENGTH_MAX} printable characters.`,
  });
}
