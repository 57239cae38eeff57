// From the generated description of a service to types: what its handlers take and give, and what
// a client of it offers. Nothing here exists at run time except the check that a method is unary.

import type { Method, StreamMethod } from "../proto/mod.ts";
import { assert, HANDLER_TIMEOUT_MS_MAX } from "../types/mod.ts";

/** A generated service, such as `ControlService`. */
export interface Service {
  /** The full name, `package.Service`. */
  readonly typeName: string;
  /** By name, beginning in lower case. */
  readonly methods: Readonly<Record<string, AnyMethod>>;
}

/** A method of a service, whatever it is asked and however often it answers. */
export type AnyMethod = Method<unknown, unknown> | StreamMethod<unknown, unknown>;

/** What a handler knows of the call it answers. */
export interface CallContext {
  /** Aborted when the caller withdraws, hangs up, or the deadline passes; its reason is a PollenError. */
  readonly signal: AbortSignal;
  /**
   * When the answer must be there, in milliseconds since 1970: the caller's deadline, and for one
   * answer at most a minute from the start of the call. Infinite for a stream without a deadline.
   */
  readonly deadline: number;
  /** Where the call comes from: `ip:port`, or something else for a Unix socket. */
  readonly caller: string;
  /** The first value of a header of the call, by its name in lower case. */
  metadata(name: string): string | undefined;
}

/** Answers one call. A thrown PollenError reaches the caller as it is; anything else as `internal`. */
export type Handler<Request, Response> = (
  request: Request,
  context: CallContext,
) => Promise<Response>;

/** Answers one call again and again, until it returns or its signal is aborted. Throws as a handler does. */
export type StreamHandler<Request, Response> = (
  requests: AsyncIterable<Request>,
  context: CallContext,
) => AsyncIterable<Response>;

/** One handler for each method of a service. */
export type Handlers<S extends Service> = {
  readonly [K in keyof S["methods"]]: S["methods"][K] extends Method<infer Request, infer Response>
    ? Handler<Request, Response>
    : S["methods"][K] extends StreamMethod<infer Request, infer Response>
      ? StreamHandler<Request, Response>
    : never;
};

/** Options of one call. */
export interface CallOptions {
  /** Milliseconds until the call fails with `timeout`. Default 10 000. */
  readonly timeoutMs?: number;
  /** Withdraws the call, which fails with `cancelled`. */
  readonly signal?: AbortSignal;
}

/** One function for each method of a service. They throw PollenErrors. */
export type Calls<S extends Service> = {
  readonly [K in keyof S["methods"]]: S["methods"][K] extends Method<infer Request, infer Response>
    ? (request: Partial<Request>, options?: CallOptions) => Promise<Response>
    : never;
};

/** Milliseconds that a call may take, as long as its caller does not say otherwise. */
export const CALL_TIMEOUT_MS = 10_000;

assert(
  HANDLER_TIMEOUT_MS_MAX > CALL_TIMEOUT_MS,
  "a handler outlives a call with the default timeout",
);

/** Demands a method with one request and one response: our own clients have no streams. */
export function assertUnary(method: AnyMethod): asserts method is Method<unknown, unknown> {
  assert(!method.requestStream && !method.responseStream, `${method.path} is unary`);
}
