// The extra sockets of an engine, as those see them who asked for one.

import { EXTRA_SOCKETS_MAX, type ExtraSocket, PollenError } from "../types/mod.ts";
import type { NativeEngine } from "./native_engine.ts";
import { type EventRecord, Operation, PayloadReader } from "./records.ts";

/** A request that was not answered yet. */
interface Opening {
  resolve(socket: ExtraSocket): void;
  reject(error: PollenError): void;
}

export class ExtraSockets {
  readonly #native: NativeEngine;
  readonly #openings = new Map<number, Opening>();

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  /** See `Engine.openSocket`. */
  open(): Promise<ExtraSocket> {
    const tag = this.#native.nextTag();
    this.#native.command(Operation.openSocket, { b: tag });
    const { promise, resolve, reject } = Promise.withResolvers<ExtraSocket>();
    this.#openings.set(tag, { resolve, reject });
    return promise;
  }

  opened({ tag, x: number, y: port }: EventRecord): void {
    const opening = this.#openings.get(tag);
    this.#openings.delete(tag);
    const native = this.#native;
    let isOpen = true;
    opening?.resolve({
      number,
      port,
      close() {
        if (isOpen) native.command(Operation.closeSocket, { a: number });
        isOpen = false;
      },
    });
  }

  failed({ tag, x: code, payload }: EventRecord): void {
    const opening = this.#openings.get(tag);
    this.#openings.delete(tag);
    opening?.reject(socketError(code, new PayloadReader(payload).text()));
  }

  /** The engine is closed. */
  end(error: PollenError): void {
    for (const opening of this.#openings.values()) opening.reject(error);
    this.#openings.clear();
  }
}

function socketError(code: number, said: string): PollenError {
  switch (code) {
    case 1:
      return new PollenError(
        "permission_denied",
        `A further UDP socket may not be opened: ${said}.`,
      );
    case 3:
      return new PollenError(
        "exhausted",
        said === ""
          ? `The engine has ${EXTRA_SOCKETS_MAX} extra sockets already.`
          : `The system has no further UDP socket: ${said}.`,
      );
    case 4:
      return new PollenError(
        "unsupported",
        "Extra sockets speak IPv4, and the engine is bound to one IPv6 address.",
      );
    default:
      return new PollenError("io", `A further UDP socket cannot be opened: ${said}.`);
  }
}
