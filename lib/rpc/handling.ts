// How one call is answered. Each has a signal that says when nobody waits any more, each message a
// bound; a unary call has a deadline whatever its caller says. A handler's PollenError reaches the
// caller whole, and what else it throws goes to the log and not to the caller.

import { Buffer } from "node:buffer";
import { type EventEmitter, once } from "node:events";
import { errorText, HANDLER_TIMEOUT_MS_MAX, type Log, PollenError } from "../types/mod.ts";
import * as grpc from "./grpc.ts";
import { type AnyMethod, type CallContext, type Handlers, type Service } from "./method.ts";
import { encodeError, ERROR_TRAILER, toPublicError } from "./status.ts";
import type { Method, StreamMethod } from "../proto/mod.ts";

/** What answers the calls of a service. */
export interface Implementation {
  readonly service: Service;
  readonly handlers: Handlers<Service>;
  readonly log: Log;
  readonly bytesMax: number;
}

/** Bytes pass through grpc-js untouched: the handler decodes, so that its errors are ours. */
export function definitionOf(service: Service): grpc.ServiceDefinition {
  const bytes = (value: Buffer) => value;
  return Object.fromEntries(
    Object.entries(service.methods).map(([name, { path, requestStream, responseStream }]) => [
      name,
      {
        path,
        requestStream,
        responseStream,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    ]),
  );
}

type UnaryHandler = (request: unknown, context: CallContext) => Promise<unknown>;
type StreamHandler = (
  requests: AsyncIterable<unknown>,
  context: CallContext,
) => AsyncIterable<unknown>;

/** The functions that grpc-js calls. */
export function implementationOf(
  { service, handlers, log, bytesMax }: Implementation,
): grpc.UntypedServiceImplementation {
  // Looked up at each call and with its object, so that a class can implement the handlers.
  const all = handlers as unknown as Record<string, (...args: never[]) => unknown>;
  return Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => {
      if (method.responseStream) {
        const handler = ((requests, context) =>
          (all as Record<string, StreamHandler>)[name]!(requests, context)) as StreamHandler;
        return [name, streaming(method, handler, log, bytesMax)];
      }
      const handler = ((request, context) =>
        (all as Record<string, UnaryHandler>)[name]!(request, context)) as UnaryHandler;
      return [name, unary(method, handler, log, bytesMax)];
    }),
  );
}

function unary(
  method: Method<unknown, unknown>,
  handler: UnaryHandler,
  log: Log,
  bytesMax: number,
): grpc.handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const { context, dispose } = contextOf(call, HANDLER_TIMEOUT_MS_MAX);
    answer(method, handler, call.request, context, bytesMax).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(failure(method, thrown, log)),
    ).finally(dispose);
  };
}

async function answer(
  method: Method<unknown, unknown>,
  handler: UnaryHandler,
  bytes: Uint8Array,
  context: CallContext,
  bytesMax: number,
): Promise<Buffer> {
  const request = method.request.decode(bytes, { bytes: bytesMax });
  const ended = Promise.withResolvers<never>();
  // A call that is over can still be aborted, when its caller hangs up: then nobody waits for this.
  ended.promise.catch(() => {});
  const end = () => ended.reject(context.signal.reason);
  context.signal.addEventListener("abort", end, { once: true });
  if (context.signal.aborted) end();
  // Whoever no longer waits gets its refusal now, also when the handler does not heed the signal.
  return encode(method, await Promise.race([handler(request, context), ended.promise]), bytesMax);
}

function encode(method: AnyMethod, message: unknown, bytesMax: number): Buffer {
  const response = method.response.encode(message);
  if (response.length > bytesMax) {
    throw new PollenError("too_large", `The answer of ${response.length} bytes is too large.`, {
      details: { bytes: response.length, bytesMax },
    });
  }
  return Buffer.from(response.buffer, response.byteOffset, response.byteLength);
}

type StreamCall =
  | grpc.ServerWritableStream<Buffer, Buffer>
  | grpc.ServerDuplexStream<Buffer, Buffer>;

function streaming(
  method: StreamMethod<unknown, unknown>,
  handler: StreamHandler,
  log: Log,
  bytesMax: number,
): (call: StreamCall) => void {
  return (call) => {
    // It lasts as long as its caller wants.
    const { context, dispose } = contextOf(call, Infinity);
    pump(call, method, handler(requestsOf(call, method, bytesMax), context), context, bytesMax)
      .then(() => call.end(), (thrown: unknown) => {
        if (!context.signal.aborted) call.emit("error", failure(method, thrown, log));
      }).finally(dispose);
  };
}

async function* requestsOf(
  call: StreamCall,
  method: StreamMethod<unknown, unknown>,
  bytesMax: number,
): AsyncIterable<unknown> {
  const decode = (bytes: Buffer) => method.request.decode(bytes, { bytes: bytesMax });
  if (!method.requestStream) return yield decode((call as { request: Buffer }).request);
  // A handler that stops listening must still be able to answer.
  const incoming = (call as grpc.ServerDuplexStream<Buffer, Buffer>)
    .iterator({ destroyOnReturn: false });
  for await (const bytes of incoming) yield decode(bytes);
}

async function pump(
  call: StreamCall,
  method: StreamMethod<unknown, unknown>,
  responses: AsyncIterable<unknown>,
  { signal }: CallContext,
  bytesMax: number,
): Promise<void> {
  for await (const response of responses) {
    if (signal.aborted) return;
    if (!call.write(encode(method, response, bytesMax))) await once(call, "drain", { signal });
  }
}

function contextOf(
  call: grpc.ServerUnaryCall<Buffer, Buffer> | StreamCall,
  timeoutMsMax: number,
): { context: CallContext; dispose: () => void } {
  const asked = call.getDeadline();
  const askedMs = asked instanceof Date ? asked.getTime() : asked;
  const deadlineMs = Math.min(Date.now() + timeoutMsMax, askedMs);
  const controller = new AbortController();
  const timer = Number.isFinite(deadlineMs)
    ? setTimeout(
      () => controller.abort(new PollenError("timeout", "The call was not answered in time.")),
      Math.min(Math.max(0, deadlineMs - Date.now()), TIMER_MS_MAX),
    )
    : undefined;
  (call as EventEmitter).on("cancelled", () => {
    controller.abort(new PollenError("cancelled", "The caller no longer waits."));
  });
  const context: CallContext = {
    signal: controller.signal,
    deadline: deadlineMs,
    caller: call.getPeer(),
    metadata: (name) => {
      const value = call.metadata.get(name)[0];
      return typeof value === "string" ? value : undefined;
    },
  };
  return { context, dispose: () => clearTimeout(timer) };
}

/** The longest delay of a timer of the runtime (2^31 − 1 ms). */
const TIMER_MS_MAX = 2_147_483_647;

function failure(
  method: AnyMethod,
  thrown: unknown,
  log: Log,
): Partial<grpc.ServerErrorResponse> {
  const error = toPublicError(thrown);
  if (error !== thrown) {
    const stack = thrown instanceof Error ? thrown.stack ?? null : null;
    log.error("a call failed inside", { method: method.path, error: errorText(thrown), stack });
  }
  const { code, details, trailer } = encodeError(error);
  const metadata = new grpc.Metadata();
  metadata.set(ERROR_TRAILER, Buffer.from(trailer!));
  return { code, details, metadata };
}
