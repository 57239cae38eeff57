// What the parts of an engine refuse in the same words.

import { PollenError, type SocketAddress } from "../types/mod.ts";
import { type EventRecord, PayloadReader } from "./records.ts";

/** A handle means something in its own engine only. */
export function notOurs(what: string): PollenError {
  return new PollenError("invalid_argument", `The ${what} does not belong to this engine.`);
}

export function engineClosed(): PollenError {
  return new PollenError("closed", "The engine is closed.");
}

/** A local port cannot be had: the kind is in `x`, what the system said in the payload. */
export function bindError(
  transport: "TCP" | "UDP",
  address: SocketAddress,
  record: EventRecord,
): PollenError {
  const place = `${transport} port ${address.port} of ${address.ip}`;
  switch (record.x) {
    case 1:
      return new PollenError("already_exists", `${place} is taken by another program.`);
    case 2:
      return new PollenError("permission_denied", `${place} may not be opened by this user.`);
    default: {
      const reason = new PayloadReader(record.payload).text();
      return new PollenError("io", `${place} cannot be opened: ${reason}.`);
    }
  }
}
