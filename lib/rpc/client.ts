// Typed calls to a service. Every call has a deadline, can be withdrawn, and fails only with
// PollenErrors: those of the server arrive with their code, message, fix and details.

import { Buffer } from "node:buffer";
import type { Method } from "../proto/mod.ts";
import { CALL_BYTES_MAX, isIpLiteral, PollenError, splitHostPort } from "../types/mod.ts";
import * as grpc from "./grpc.ts";
import {
  assertUnary,
  CALL_TIMEOUT_MS,
  type CallOptions,
  type Calls,
  type Service,
} from "./method.ts";
import { decodeError, ERROR_TRAILER } from "./status.ts";

/** Where and how to call. */
export interface ClientOptions {
  /** `unix:` and a path, or `host:port`. */
  readonly address: string;
  /** The most bytes of a request or response. Default 4 MiB. */
  readonly messageBytesMax?: number;
  /** Proves who calls: sent with each call as `authorization: Bearer …`. */
  readonly token?: string;
  /**
   * Encrypts, and demands a certificate for the address's host that one of these (PEM) has signed;
   * `null` means those that the system trusts. Without it nothing is encrypted.
   */
  readonly trust?: string | null;
}

/** A service at an address. Connects with the first call. */
export interface RpcClient<S extends Service> extends Disposable {
  readonly calls: Calls<S>;
  /** Hangs up; running calls fail. Idempotent. */
  close(): void;
}

/**
 * A client of `service`. It must be closed.
 *
 * @throws {PollenError} `invalid_argument` when an IP address is to be called with TLS.
 */
export function client<S extends Service>(service: S, options: ClientOptions): RpcClient<S> {
  const bytesMax = options.messageBytesMax ?? CALL_BYTES_MAX;
  const channel = new grpc.Client(options.address, credentialsOf(options), {
    "grpc.max_receive_message_length": bytesMax,
    "grpc.max_send_message_length": bytesMax,
    "grpc.enable_http_proxy": 0,
    "grpc.enable_channelz": 0,
    // A call is made once: whether it took effect is for the caller to find out.
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
  });
  const calls = Object.fromEntries(
    Object.entries(service.methods).map(([name, method]) => {
      assertUnary(method);
      return [
        name,
        (request: object, callOptions?: CallOptions) =>
          call(channel, method, method.request.create(request), {
            bytesMax,
            metadata: metadataOf(options),
            ...callOptions,
          }),
      ];
    }),
  ) as unknown as Calls<S>;
  const close = () => channel.close();
  return { calls, close, [Symbol.dispose]: close };
}

function credentialsOf({ address, trust }: ClientOptions): grpc.ChannelCredentials {
  if (trust === undefined) return grpc.credentials.createInsecure();
  // TLS names the server by its host (RFC 6066, section 3), which may not be an address.
  if (isIpLiteral(splitHostPort(address).host)) {
    throw new PollenError("invalid_argument", `${address} cannot be called with TLS.`, {
      fix: "Call it by a host name that its certificate holds.",
    });
  }
  return grpc.credentials.createSsl(trust === null ? null : Buffer.from(trust));
}

function metadataOf({ token }: ClientOptions): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

interface Sending extends CallOptions {
  readonly bytesMax: number;
  readonly metadata: grpc.Metadata;
}

function call(
  channel: grpc.Client,
  method: Method<unknown, unknown>,
  message: unknown,
  { bytesMax, metadata, timeoutMs = CALL_TIMEOUT_MS, signal }: Sending,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(withdrawal(signal));
    const request = method.request.encode(message);
    if (request.length > bytesMax) {
      const text = `The request of ${request.length} bytes is too large.`;
      return reject(new PollenError("too_large", text));
    }
    const withdraw = () => running.cancel();
    const running = channel.makeUnaryRequest(
      method.path,
      (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      (bytes: Buffer) => bytes,
      request,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (failure, response) => {
        signal?.removeEventListener("abort", withdraw);
        if (signal?.aborted && failure !== null) return reject(withdrawal(signal));
        if (failure !== null) return reject(errorOf(failure));
        try {
          resolve(method.response.decode(response!, { bytes: bytesMax }));
        } catch (thrown) {
          reject(thrown);
        }
      },
    );
    signal?.addEventListener("abort", withdraw, { once: true });
  });
}

function withdrawal(signal: AbortSignal): PollenError {
  if (signal.reason instanceof PollenError) return signal.reason;
  return new PollenError("cancelled", "The call was withdrawn.", { cause: signal.reason });
}

function errorOf(failure: grpc.ServiceError): PollenError {
  const trailer = failure.metadata.get(ERROR_TRAILER)[0];
  return decodeError({
    code: failure.code,
    details: failure.details,
    trailer: trailer instanceof Uint8Array ? trailer : undefined,
  });
}
