// What the operating system says about a file, as a failure a person can act on: the path, the
// reason in words, and what to do.

import { type ErrorCode, PollenError } from "../types/mod.ts";

interface Reason {
  readonly code: ErrorCode;
  readonly why: string;
  readonly fix?: string;
}

/** The refusals that have a remedy, by the name the operating system gives them (errno(3)). */
const REASONS: Readonly<Record<string, Reason>> = {
  EACCES: denied("This user may not do that there."),
  EPERM: denied("The system does not permit it to this user."),
  EROFS: {
    code: "io",
    why: "The file system is read-only.",
    fix: "Name a directory on another one with --dir.",
  },
  ENOSPC: {
    code: "io",
    why: "No space is left on the device.",
    fix: "Free some space and try again.",
  },
  EDQUOT: {
    code: "io",
    why: "This user's disk quota is used up.",
    fix: "Free some space and try again.",
  },
  EMFILE: { code: "exhausted", why: "This process has too many files open." },
  ENFILE: { code: "exhausted", why: "The system has too many files open." },
  ENOTDIR: { code: "io", why: "A part of the path is not a directory." },
  EISDIR: { code: "io", why: "It is a directory." },
};

function denied(why: string): Reason {
  return {
    code: "permission_denied",
    why,
    fix: "Run as the user who owns it, or name another directory with --dir.",
  };
}

/**
 * What was thrown, as a PollenError about `path`.
 *
 * @param done What could not be done to it: "read", "written".
 */
export function toDiskError(thrown: unknown, path: string, done: string): PollenError {
  if (thrown instanceof PollenError) return thrown;
  const name = (thrown as { code?: unknown } | null)?.code;
  const known = typeof name === "string" ? REASONS[name] : undefined;
  const reason: Reason = known ?? { code: "io", why: describe(thrown) };
  return new PollenError(reason.code, `${path} could not be ${done}. ${reason.why}`, {
    cause: thrown,
    details: { path },
    ...(reason.fix === undefined ? {} : { fix: reason.fix }),
  });
}

/** The system's own words, without what the runtime appends after them. */
function describe(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return `${text.split(" (os error")[0]}.`;
}
