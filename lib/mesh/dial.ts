// Dialling several addresses of one peer at once: the first session that passes the verdict wins,
// the others are called off. When none passes, the most telling failure is reported.

import {
  DIALS_PER_PEER_MAX,
  type Engine,
  formatAddress,
  PollenError,
  type Session,
  type SocketAddress,
  toPollenError,
} from "../types/mod.ts";

export interface DialFirstOptions {
  readonly alpn: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** The verdict on the certificate: throws to refuse it. */
  verify(session: Session): void;
}

/**
 * A verified session, not admitted yet.
 *
 * @throws {PollenError} `invalid_argument` without addresses; otherwise the most telling failure:
 *   `identity_mismatch` and other verdicts before `refused`, before `timeout` and `unreachable`.
 */
export async function dialFirst(
  engine: Engine,
  addresses: readonly SocketAddress[],
  options: DialFirstOptions,
): Promise<Session> {
  if (addresses.length === 0) {
    throw new PollenError("invalid_argument", "There is no address to dial.");
  }
  const others = new AbortController();
  const signal = options.signal === undefined
    ? others.signal
    : AbortSignal.any([options.signal, others.signal]);
  let winner: Session | null = null;
  const attempts = addresses.slice(0, DIALS_PER_PEER_MAX).map(async (address) => {
    const session = await engine.dial(address, {
      alpn: options.alpn,
      timeoutMs: options.timeoutMs,
      signal,
    });
    if (winner !== null) {
      session.close("replaced");
      throw new PollenError("cancelled", "Another address was faster.");
    }
    try {
      options.verify(session);
    } catch (thrown) {
      const error = toPollenError(thrown);
      session.close(`identity failed: ${error.message}`.slice(0, 256));
      throw error;
    }
    winner = session;
    return session;
  });
  try {
    return await Promise.any(attempts);
  } catch (thrown) {
    throw mostTelling(thrown as AggregateError, addresses);
  } finally {
    others.abort();
  }
}

const RANK: Readonly<Partial<Record<PollenError["code"], number>>> = {
  cancelled: 6,
  identity_mismatch: 5,
  unauthenticated: 4,
  refused: 3,
  timeout: 2,
  unreachable: 1,
};

function mostTelling(failures: AggregateError, addresses: readonly SocketAddress[]): PollenError {
  const errors = failures.errors.map(toPollenError);
  const best = errors.reduce((a, b) => (RANK[b.code] ?? 0) > (RANK[a.code] ?? 0) ? b : a);
  const tried = addresses.map(formatAddress).join(", ");
  return new PollenError(best.code, `${best.message} Tried ${tried}.`, {
    cause: failures,
    ...(best.fix === undefined ? {} : { fix: best.fix }),
  });
}
