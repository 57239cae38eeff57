// The QUIC engine: one UDP socket, the QUIC sessions on it, TCP listeners and bridges, moved by a
// native library on a thread of its own. Entered here; only this room loads native code.

import type { Engine } from "../types/mod.ts";
import { QuicEngine } from "./engine.ts";
import type { EngineOptions } from "./engine_options.ts";

export type { EngineOptions };
export { engineVersion } from "./library_file.ts";

/**
 * Opens an engine: binds its UDP socket and starts its thread. Until it is closed it keeps the
 * process alive, as an open socket does.
 *
 * @throws {PollenError} `already_exists` when the port is taken, `permission_denied`, `io`,
 *   `invalid_argument` (an address that is none, a certificate without its key, an option out of its range), `unsupported`
 *   (no library for this platform, or one with another ABI version).
 */
export function openEngine(options: EngineOptions): Promise<Engine> {
  return QuicEngine.open(options);
}
