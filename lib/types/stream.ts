// A stream of a session, read and written here or handed over to a bridge (forwarder.ts).

import type { Session } from "./session.ts";

/**
 * A bidirectional stream that TypeScript reads and writes itself: for control traffic. Credits
 * bound both directions: at most 64 KiB wait to be read here, and `write` resolves only when the
 * engine has room for more.
 */
export interface Stream {
  /** The session it is a stream of. */
  readonly session: Session;
  /** The first bytes, as many as the protocol's `headBytes`; fewer when the stream ended before. Empty for our own streams. */
  readonly head: Uint8Array;

  /**
   * The next bytes, at most `maxBytes` (default 65 536); null after the peer's end of stream.
   *
   * @throws {PollenError} `reset` when the peer reset the stream, `closed` when the session ended.
   */
  read(maxBytes?: number): Promise<Uint8Array | null>;
  /**
   * Writes all bytes, in order with earlier writes.
   *
   * @throws {PollenError} `reset` when the peer stopped reading, `closed` when the session ended.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends our direction cleanly; what was written before still arrives. Idempotent. */
  finish(): void;
  /**
   * Ends both directions abnormally: resets ours, asks the peer to stop its own. Frees the stream.
   * Idempotent. `errorCode` is a `StreamCode` where a tunnel is refused, 0 by default.
   */
  abort(errorCode?: number): void;
}
