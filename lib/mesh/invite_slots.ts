// Strangers who may redeem invites at the same time, each for a bounded time: so many in all, and
// so many of one source, so that one of them cannot keep the others out.

import { SourceCounts, sourceOf } from "./sources.ts";
import { INVITE_SESSIONS_MAX, INVITE_SESSIONS_PER_SOURCE_MAX } from "../types/mod.ts";

/** Who is inside. */
export class InviteSlots {
  readonly #bySource = new SourceCounts();
  #count = 0;

  /** Takes a slot for somebody from there; the result gives it back, once. Null when there is none. */
  enter(ip: string): (() => void) | null {
    const source = sourceOf(ip);
    if (
      this.#count >= INVITE_SESSIONS_MAX ||
      this.#bySource.of(source) >= INVITE_SESSIONS_PER_SOURCE_MAX
    ) return null;
    this.#count++;
    this.#bySource.add(source);
    return () => {
      this.#count--;
      this.#bySource.remove(source);
    };
  }
}
