// gRPC's health checks: whether the registry can do its work now. They need no token.

import { health } from "../../proto/mod.ts";
import { type Handlers, implement, type ServedService } from "../../rpc/mod.ts";
import { type Clock, PollenError } from "../../types/mod.ts";
import { HEALTH_LOOK_MS, LISTENERS_MAX } from "../limits.ts";

/**
 * The service.
 *
 * @param names The full names of the services that it speaks of; empty is all of them together.
 * @param isServing Whether they can do their work now.
 */
export function healthService(
  names: readonly string[],
  isServing: () => boolean,
  clock: Clock,
): ServedService {
  const known = new Set(["", ...names]);
  const statusOf = (service: string) => {
    if (!known.has(service)) return health.ServingStatus.SERVICE_UNKNOWN;
    return isServing() ? health.ServingStatus.SERVING : health.ServingStatus.NOT_SERVING;
  };
  let watchers = 0;

  const handlers: Handlers<typeof health.Health> = {
    check({ service }) {
      if (known.has(service)) return Promise.resolve({ status: statusOf(service) });
      return Promise.reject(new PollenError("not_found", "unknown service"));
    },
    async *watch(requests, { signal }) {
      if (watchers >= LISTENERS_MAX) {
        throw new PollenError("exhausted", `${LISTENERS_MAX} watch the registry's health already.`);
      }
      watchers++;
      try {
        for await (const { service } of requests) {
          let told: number | null = null;
          while (!signal.aborted) {
            const status = statusOf(service);
            if (status !== told) yield { status };
            told = status;
            await pause(HEALTH_LOOK_MS, clock, signal);
          }
        }
      } finally {
        watchers--;
      }
    },
  };
  return implement(health.Health, handlers);
}

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stopTimer = clock.setTimer(ms, () => {
      signal.removeEventListener("abort", end);
      resolve();
    });
    const end = () => {
      stopTimer();
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}
