// Typed handlers on a Unix socket or a TCP address. Each call has a deadline and a signal, each
// message a bound; a handler's PollenError reaches the caller whole, and what else it throws goes
// to the log and not to the caller.

import { Buffer } from "node:buffer";
import { errorText, type Log, PollenError } from "../types/mod.ts";
import * as grpc from "./grpc.ts";
import {
  assertUnary,
  HANDLER_TIMEOUT_MS_MAX,
  type Handlers,
  MESSAGE_BYTES_MAX,
  type Service,
} from "./method.ts";
import { encodeError, ERROR_TRAILER, toPublicError } from "./status.ts";
import type { Method } from "../proto/mod.ts";

/** How to serve. */
export interface ServeOptions<S extends Service> {
  readonly service: S;
  readonly handlers: Handlers<S>;
  /** `unix:` and a path, or `ip:port`. */
  readonly address: string;
  readonly log: Log;
  /** The most bytes of a request or response. Default 4 MiB. */
  readonly messageBytesMax?: number;
}

/** A server that answers. */
export interface RpcServer extends AsyncDisposable {
  /** The bound TCP port; meaningless for a Unix socket. */
  readonly port: number;
  /**
   * Takes no new calls and lets the running ones end; what still runs after `graceMs` (default
   * 2 000) is cut off. Idempotent.
   */
  close(graceMs?: number): Promise<void>;
}

const GRACE_MS = 2_000;

/**
 * Binds and answers calls until closed.
 *
 * @throws {PollenError} `io` when the address cannot be bound.
 */
export async function serve<S extends Service>(options: ServeOptions<S>): Promise<RpcServer> {
  const bytesMax = options.messageBytesMax ?? MESSAGE_BYTES_MAX;
  // Channelz stays on: without it grpc-js forgets its sessions, and forceShutdown ends none of them.
  const server = new grpc.Server({
    "grpc.max_receive_message_length": bytesMax,
    "grpc.max_send_message_length": bytesMax,
  });
  server.addService(definition(options.service), implementation(options, bytesMax));
  const port = await bind(server, options.address);
  let closed: Promise<void> | undefined;
  const close = (graceMs = GRACE_MS) => closed ??= shutDown(server, graceMs);
  return { port, close, [Symbol.asyncDispose]: () => close() };
}

function bind(server: grpc.Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (cause, port) => {
      if (cause === null) return resolve(port);
      reject(
        new PollenError("io", `Nothing can listen at ${address}: ${cause.message}.`, { cause }),
      );
    });
  });
}

function shutDown(server: grpc.Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Bytes pass through grpc-js untouched: the handler decodes, so that its errors are ours. */
function definition(service: Service): grpc.ServiceDefinition {
  const bytes = (value: Buffer) => value;
  return Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => {
      assertUnary(method);
      return [name, {
        path: method.path,
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      }];
    }),
  );
}

type AnyHandler = Handlers<Service>[string];

function implementation<S extends Service>(
  { service, handlers, log }: ServeOptions<S>,
  bytesMax: number,
): grpc.UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => {
      // Looked up at each call and with its object, so that a class can implement the handlers.
      const handler: AnyHandler = (request, context) =>
        (handlers as unknown as Record<string, AnyHandler>)[name]!(request, context);
      return [name, unary(method, handler, log, bytesMax)];
    }),
  );
}

function unary(
  method: Method<unknown, unknown>,
  handler: AnyHandler,
  log: Log,
  bytesMax: number,
): grpc.handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const { context, dispose } = contextOf(call);
    answer(method, handler, call.request, context, bytesMax).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(failure(method, thrown, log)),
    ).finally(dispose);
  };
}

async function answer(
  method: Method<unknown, unknown>,
  handler: AnyHandler,
  bytes: Uint8Array,
  context: Parameters<AnyHandler>[1],
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
  const response = method.response.encode(
    await Promise.race([handler(request, context), ended.promise]),
  );
  if (response.length > bytesMax) {
    throw new PollenError("too_large", `The answer of ${response.length} bytes is too large.`, {
      details: { bytes: response.length, bytesMax },
    });
  }
  return Buffer.from(response.buffer, response.byteOffset, response.byteLength);
}

function contextOf(call: grpc.ServerUnaryCall<Buffer, Buffer>) {
  const latest = Date.now() + HANDLER_TIMEOUT_MS_MAX;
  const asked = call.getDeadline();
  const askedMs = asked instanceof Date ? asked.getTime() : asked;
  const deadline = new Date(Math.min(latest, askedMs));
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new PollenError("timeout", "The call was not answered in time.")),
    Math.max(0, deadline.getTime() - Date.now()),
  );
  call.on("cancelled", () => {
    controller.abort(new PollenError("cancelled", "The caller no longer waits."));
  });
  return {
    context: { signal: controller.signal, deadline },
    dispose: () => clearTimeout(timer),
  };
}

function failure(
  method: Method<unknown, unknown>,
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
