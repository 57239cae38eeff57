// The port for log lines: what happened, and the facts apart from the sentence.

/** Facts of a log line. Never a private key, a token or bytes of a user. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Discards everything. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
