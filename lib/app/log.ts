// Where log lines go: logfmt, or JSON, on standard error or into a file, one line per event, so that
// people and programs can read them. The level usually comes from POLLEN_LOG (debug, info, warn,
// error); info by default.

import {
  configureSync,
  getJsonLinesFormatter,
  getLevelFilter,
  getLogfmtFormatter,
  getLogger,
  type LogLevel,
  type LogRecord,
  resetSync,
} from "@logtape/logtape";
import type { LogFile } from "../host/mod.ts";
import type { Log, LogFields } from "../types/mod.ts";

const LEVELS: Readonly<Record<string, LogLevel>> = {
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "error",
};

/** How a line is written. */
export type LogFormat = "logfmt" | "json";

/** A log for this process. Disposing of it gives the process-wide logging back. */
export interface ProcessLog extends Log, Disposable {}

/**
 * Opens the process's log.
 *
 * @param level One of debug, info, warn, error; anything else means info.
 * @param file Takes the lines; without it standard error does.
 */
export function openLog(
  level: string | undefined,
  file: LogFile | null = null,
  kind: LogFormat = "logfmt",
): ProcessLog {
  const format = kind === "json" ? getJsonLinesFormatter() : getLogfmtFormatter();
  const encoder = new TextEncoder();
  const write = (record: LogRecord) => {
    const line = encoder.encode(format(record));
    if (file !== null) return file.write(line);
    try {
      for (let at = 0; at < line.length;) at += Deno.stderr.writeSync(line.subarray(at));
    } catch {
      // Standard error is gone or full; a daemon that cannot log goes on working.
    }
  };
  configureSync({
    reset: true,
    sinks: { lines: write },
    filters: { level: getLevelFilter(LEVELS[level ?? ""] ?? "info") },
    loggers: [
      { category: ["pollen"], sinks: ["lines"], filters: ["level"] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  const logger = getLogger(["pollen"]);
  const plain = (fields: LogFields = {}) => ({ ...fields });
  return {
    debug: (message, fields) => logger.debug(message, plain(fields)),
    info: (message, fields) => logger.info(message, plain(fields)),
    warn: (message, fields) => logger.warn(message, plain(fields)),
    error: (message, fields) => logger.error(message, plain(fields)),
    [Symbol.dispose]: () => resetSync(),
  };
}
