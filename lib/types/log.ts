// The port for log lines: what happened, and the facts apart from the sentence.

/** Facts of a log line. Never a private key, a token or bytes of a user. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Takes log lines. It never throws, and what it is given holds no secret. */
export interface Log {
  /** For whoever looks into a fault. */
  debug(message: string, fields?: LogFields): void;
  /** What a node does in good order. */
  info(message: string, fields?: LogFields): void;
  /** What its owner may want to change. */
  warn(message: string, fields?: LogFields): void;
  /** What should never happen. */
  error(message: string, fields?: LogFields): void;
}

/** Discards everything. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
