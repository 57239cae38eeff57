// The command line. `run` takes words and the edge of a process and gives an exit code; nothing
// but the table of commands is loaded until one is used.

export { type Io, systemIo } from "./io.ts";
export { run } from "./run.ts";
export { VERSION } from "../types/mod.ts";
