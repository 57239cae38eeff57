// The machine behind the ports: its clocks, its randomness, its files. Everything above works on
// `Clock`, `Random` and `Disk`, and meets this room only where a program is put together.

export { systemClock } from "./clock.ts";
export { FileDisk, systemDisk } from "./disk.ts";
export type { FileSystem, OpenFile } from "./file_system.ts";
export { LogFile } from "./log_file.ts";
export { demandOwner } from "./ownership.ts";
export { removePath } from "./paths.ts";
export { portOwner } from "./port_owner.ts";
export { tightenRights } from "./rights.ts";
export { systemRandom } from "./random.ts";
export { type Environment, resolveStateDirectory, SYSTEM_DIRECTORY } from "./state_directory.ts";
