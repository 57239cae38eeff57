// The dials of an engine that were not answered yet: each ends with a session, with what kept it from
// one, or with its caller's change of mind.

import {
  DIAL_TIMEOUT_MS_MAX,
  type DialOptions,
  PollenError,
  type Session,
  showAddress,
  type SocketAddress,
} from "../types/mod.ts";
import { engineClosed } from "./errors.ts";
import type { NativeEngine } from "./native_engine.ts";
import {
  concat,
  encodeAddress,
  encodeText,
  type EventRecord,
  Operation,
  PayloadReader,
  printable,
} from "./records.ts";

interface Dial {
  readonly address: SocketAddress;
  readonly timeoutMs: number;
  resolve(session: Session): void;
  reject(error: PollenError): void;
}

export class Dials {
  readonly #native: NativeEngine;
  readonly #dials = new Map<number, Dial>();

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  /** See `Engine.dial`. The engine speaks the protocol. */
  // deno-lint-ignore require-await
  async dial(address: SocketAddress, options: DialOptions): Promise<Session> {
    const { alpn, timeoutMs, signal } = options;
    if (signal?.aborted) throw dialCancelled(address);
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > DIAL_TIMEOUT_MS_MAX) {
      throw new PollenError("invalid_argument", "The time for a dial is 1 to 60,000 ms.");
    }
    const tag = this.#native.nextTag();
    const bytes = concat([encodeAddress(address), encodeText(alpn)]);
    this.#native.command(Operation.dial, { a: timeoutMs, b: tag, bytes });
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    const cancel = () => {
      this.#dials.delete(tag);
      this.#native.command(Operation.cancelDial, { b: tag });
      reject(dialCancelled(address));
    };
    signal?.addEventListener("abort", cancel, { once: true });
    this.#dials.set(tag, {
      address,
      timeoutMs,
      resolve(session) {
        signal?.removeEventListener("abort", cancel);
        resolve(session);
      },
      reject(error) {
        signal?.removeEventListener("abort", cancel);
        reject(error);
      },
    });
    return promise;
  }

  /** Gives the session to whoever dialled; false when nobody waits for it any more. */
  succeeded(tag: number, session: Session): boolean {
    const dial = this.#take(tag);
    dial?.resolve(session);
    return dial !== undefined;
  }

  failed({ tag, x: code, payload }: EventRecord): void {
    const dial = this.#take(tag);
    dial?.reject(dialError(dial, code, new PayloadReader(payload).text()));
  }

  /** The engine is closed. */
  end(): void {
    for (const dial of this.#dials.values()) dial.reject(engineClosed());
    this.#dials.clear();
  }

  #take(tag: number): Dial | undefined {
    const dial = this.#dials.get(tag);
    this.#dials.delete(tag);
    return dial;
  }
}

function dialCancelled(address: SocketAddress): PollenError {
  return new PollenError("cancelled", `Dialling ${showAddress(address)} was cancelled.`);
}

function dialError(dial: Dial, code: number, said: string): PollenError {
  const peer = showAddress(dial.address);
  const reason = said === "" ? "" : `: ${printable(said)}`;
  switch (code) {
    case 1:
      return new PollenError("timeout", `${peer} did not answer within ${dial.timeoutMs} ms.`);
    case 2:
      return new PollenError("unreachable", `${peer} cannot be reached${reason}.`);
    case 3:
      return new PollenError("refused", `${peer} refused the connection${reason}.`);
    case 4:
      return new PollenError("unauthenticated", `The handshake with ${peer} failed${reason}.`);
    case 5:
      return new PollenError("exhausted", "The engine has too many sessions.");
    default:
      return engineClosed();
  }
}
