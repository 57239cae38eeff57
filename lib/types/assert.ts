// Assertions of invariants. A failed assertion is a defect of ours, never an answer to bad input:
// nothing that a peer, a file or a user supplies may reach one.

/** A broken invariant. Nobody catches it to go on; it exists so that the stack names the place. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Throws unless `condition` holds.
 *
 * @param message The invariant, as a sentence that is true when the program is right.
 * @throws {AssertionError} when it does not hold.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/**
 * Closes a switch over a union: it does not compile while a case is missing.
 *
 * @throws {AssertionError} when reached at run time with a value outside the union.
 */
export function assertNever(value: never): never {
  throw new AssertionError(`a case is missing for ${JSON.stringify(value)}`);
}
