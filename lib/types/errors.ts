// The one error class and its closed list of codes. Every failure that a person or a program may
// meet is a PollenError; the tables below map its code to a gRPC status and to an exit code, so
// that the same failure reads the same everywhere. A new code does not compile until both tables
// know it.

/** What kind of failure it is. A closed list: callers decide by it, never by the message. */
export type ErrorCode =
  /** The caller's words are wrong: a flag, an argument, a field out of range. */
  | "invalid_argument"
  /** The named thing does not exist. */
  | "not_found"
  /** The thing is there already, or the place is taken. */
  | "already_exists"
  /** Several things answer to the given name. */
  | "ambiguous"
  /** The order of steps is wrong: `init` or `join` first, or the daemon runs already. */
  | "failed_precondition"
  /** The rights of this user on this machine do not suffice. */
  | "permission_denied"
  /** The other side, or a policy, said no. */
  | "refused"
  /** A certificate, token or signature does not verify. */
  | "unauthenticated"
  /** The daemon on this machine cannot be reached. */
  | "unavailable"
  /** No path to the peer, or the peer does not answer. */
  | "unreachable"
  /** The key at that address is not the key that was expected there. */
  | "identity_mismatch"
  /** A deadline passed. */
  | "timeout"
  /** The caller withdrew. */
  | "cancelled"
  /** A bound was reached: queue, memory, descriptors, sessions. */
  | "exhausted"
  /** The message or datagram is larger than what is allowed or what fits. */
  | "too_large"
  /** Bytes that cannot be decoded, from a peer or from a file. */
  | "malformed"
  /** The object was closed before, or while, it was used. */
  | "closed"
  /** The stream was reset by the other side. */
  | "reset"
  /** This build or this platform lacks it. */
  | "unsupported"
  /** The operating system refused: disk full, address in use, no such device. */
  | "io"
  /** A defect of ours. */
  | "internal";

/** What a person can do next, and what a program may read besides the code. */
export interface ErrorOptions {
  /** One sentence: what to do next. Shown after the message. */
  readonly fix?: string;
  /** The failure that caused this one: for the log, never for the user. */
  readonly cause?: unknown;
  /** Facts for programs, already safe to show. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * A failure with a code from the closed list.
 *
 * The message says what went wrong and why, in sentences with a full stop; `fix` says what to do next.
 */
export class PollenError extends Error {
  /** Tells it from other errors where classes do not, as in a log. */
  override readonly name = "PollenError";
  /** What kind of failure it is: decide by this. */
  readonly code: ErrorCode;
  /** What a person can do next, one sentence. */
  readonly fix: string | undefined;
  /** Facts for programs, safe to show; which ones, the function that throws says. */
  readonly details: Readonly<Record<string, string | number | boolean>>;

  /** `message` is for people: what went wrong, and why, in sentences with a full stop. */
  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.fix = options.fix;
    this.details = options.details ?? {};
  }

  /** The whole text for a person: what went wrong, why, and what to do next. */
  get text(): string {
    return this.fix === undefined ? this.message : `${this.message} ${this.fix}`;
  }
}

/** The gRPC status number of each code (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const GRPC_STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 3,
  not_found: 5,
  already_exists: 6,
  ambiguous: 9,
  failed_precondition: 9,
  permission_denied: 7,
  refused: 7,
  unauthenticated: 16,
  unavailable: 14,
  unreachable: 14,
  identity_mismatch: 16,
  timeout: 4,
  cancelled: 1,
  exhausted: 8,
  too_large: 8,
  malformed: 3,
  closed: 14,
  reset: 10,
  unsupported: 12,
  io: 13,
  internal: 13,
};

/**
 * The exit code of each failure: 1 failure, 2 usage, 3 not found, 4 rights on this machine,
 * 5 ambiguous, 6 daemon not reachable, 7 refused by the other side or policy, 8 timed out,
 * 130 interrupted.
 */
export const EXIT_CODE_OF: Readonly<Record<ErrorCode, number>> = {
  invalid_argument: 2,
  not_found: 3,
  already_exists: 1,
  ambiguous: 5,
  failed_precondition: 1,
  permission_denied: 4,
  refused: 7,
  unauthenticated: 7,
  unavailable: 6,
  unreachable: 1,
  identity_mismatch: 7,
  timeout: 8,
  cancelled: 130,
  exhausted: 1,
  too_large: 1,
  malformed: 1,
  closed: 1,
  reset: 1,
  unsupported: 1,
  io: 1,
  internal: 1,
};

/** Whether `value` is one of the closed list: for a code that crossed a wire. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(EXIT_CODE_OF, value);
}

/** The text of anything that was thrown: `text` of our own errors, the message of foreign ones. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof PollenError) return thrown.text;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What was thrown as a PollenError: itself if it is one, else `internal` with the cause kept. */
export function toPollenError(thrown: unknown): PollenError {
  if (thrown instanceof PollenError) return thrown;
  return new PollenError("internal", errorText(thrown), { cause: thrown });
}
