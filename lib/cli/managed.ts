// Whether the machine's service manager runs the node of a folder: then no command starts another
// one beside it. Packages put the unit there, and the folder of a system-wide installation is its own.

import { SYSTEM_DIRECTORY } from "../host/mod.ts";
import { PollenError } from "../types/mod.ts";

/** Where a package puts the unit (systemd.unit(5)). */
const UNIT = "/usr/lib/systemd/system/pollen.service";
/** There while systemd runs the machine (sd_booted(3)). */
const SYSTEMD = "/run/systemd/system";

/** Whether systemd starts the node of this folder once it is in a network. */
export function isManaged(
  dir: string,
  paths: { readonly unit: string; readonly systemd: string } = { unit: UNIT, systemd: SYSTEMD },
): boolean {
  return dir === SYSTEM_DIRECTORY && exists(paths.unit) && exists(paths.systemd);
}

/**
 * Demands that nobody else is to start the node of this folder.
 *
 * @throws {PollenError} `failed_precondition` when systemd does.
 */
export function demandUnmanaged(dir: string): void {
  if (!isManaged(dir)) return;
  throw new PollenError("failed_precondition", `systemd runs the node of ${dir}.`, {
    fix: "Start it with: systemctl start pollen",
  });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
