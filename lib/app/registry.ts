// A running registry: its process's log under it, its doors, and this machine's clock and disk. The
// registry's own room is loaded only here, so that a plain node does not pay for it.

import { LogFile, portOwner, systemClock, systemDisk, systemRandom } from "../host/mod.ts";
import type { NewToken, RegistryServerOptions, StoredToken, TokenWishes } from "../registry/mod.ts";
import { NAMED_FILE_BYTES_MAX, PollenError, silentLog } from "../types/mod.ts";
import { type LogFormat, openLog } from "./log.ts";

/** What to run. Absent settings are at their defaults. */
export interface RunRegistryOptions {
  /** `sqlite:` and an absolute path, or `postgres://…`. */
  readonly storage: string;
  /** TCP ports of gRPC and HTTP; 0 is any free one. Default 50051 and 8080. */
  readonly port?: number;
  readonly httpPort?: number;
  /** Default 30 000. */
  readonly heartbeatTimeoutMs?: number;
  /** IP addresses to serve at. Default: those of loopback. */
  readonly bind?: readonly string[];
  /** Whether nobody needs a token, whatever is served where. */
  readonly isOpen?: boolean;
  readonly apiKey?: string;
  /** Names by which the registry is called besides `localhost` and its addresses. */
  readonly allowedHosts?: readonly string[];
  /** Paths of PEM files. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly logLevel?: string;
  readonly logFormat?: LogFormat;
  /** The file that takes the log, absolute; without it standard error does. */
  readonly logPath?: string;
  /** Ends the registry. */
  readonly signal: AbortSignal;
  /** Called once it serves. */
  onReady(serving: {
    readonly port: number;
    readonly httpPort: number;
    readonly storage: string;
  }): void;
}

const PORT = 50_051;
const HTTP_PORT = 8_080;

/**
 * Runs a registry until the signal is aborted.
 *
 * @throws {PollenError} `already_exists` when a port is taken, `failed_precondition` when another
 *   registry works on the storage, `invalid_argument` for settings that make no sense; as the storage
 *   does.
 */
export async function runRegistry(options: RunRegistryOptions): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const { signal, logPath, apiKey } = options;
  const logFile = logPath === undefined ? null : opened.use(LogFile.open(logPath));
  const level = options.logLevel ?? Deno.env.get("POLLEN_LOG");
  const log = opened.use(openLog(level, logFile, options.logFormat));
  const registryRoom = await import("../registry/mod.ts");
  const tls = await readTls(options);

  const server = opened.use(
    await registryRoom.openRegistryServer({
      storage: options.storage,
      port: options.port ?? PORT,
      httpPort: options.httpPort ?? HTTP_PORT,
      heartbeatTimeoutMs: checkTimeout(
        options.heartbeatTimeoutMs ?? registryRoom.HEARTBEAT_TIMEOUT_MS,
        registryRoom.HEARTBEAT_TIMEOUT_MS_MIN,
        registryRoom.HEARTBEAT_TIMEOUT_MS_MAX,
      ),
      bind: options.bind ?? [],
      isOpen: options.isOpen ?? false,
      allowedHosts: (options.allowedHosts ?? []).map((name) => name.toLowerCase()),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...tls,
      clock: systemClock,
      random: systemRandom,
      disk: systemDisk,
      portOwner,
      log,
    }),
  );
  const serving = { port: server.port, httpPort: server.httpPort, storage: server.storageName };
  log.info("the registry serves", serving);
  options.onReady(serving);
  if (!signal.aborted) {
    await new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true })
    );
  }
  log.info("the registry stops");
}

function checkTimeout(timeoutMs: number, minMs: number, maxMs: number): number {
  if (timeoutMs >= minMs && timeoutMs <= maxMs) return timeoutMs;
  throw new PollenError(
    "invalid_argument",
    `A heartbeat timeout of ${timeoutMs / 1000} s is not possible.`,
    { fix: `Choose one from ${minMs / 1000} s to ${maxMs / 3_600_000} h, as in 30s or 1m.` },
  );
}

async function readTls(
  { tlsCert, tlsKey }: RunRegistryOptions,
): Promise<Pick<RegistryServerOptions, "tls">> {
  if (tlsCert === undefined && tlsKey === undefined) return {};
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new PollenError("invalid_argument", "TLS needs a certificate and its key.", {
      fix: "Give both --tls-cert FILE and --tls-key FILE.",
    });
  }
  return { tls: { cert: await readPem(tlsCert), key: await readPem(tlsKey) } };
}

async function readPem(path: string): Promise<string> {
  const bytes = await systemDisk.read(path, NAMED_FILE_BYTES_MAX);
  if (bytes === null) throw new PollenError("not_found", `There is no file ${path}.`);
  return new TextDecoder().decode(bytes);
}

/** Where the tokens of a registry are changed, whether it runs or not. */
export interface RegistryTokens extends AsyncDisposable {
  /** Makes a token that counts within a second. Throws as `makeToken` does. */
  create(wishes: TokenWishes): Promise<NewToken>;
  /** All of them, the oldest first. */
  list(): Promise<readonly StoredToken[]>;
  /** False when no such token is in force. */
  revoke(id: string): Promise<boolean>;
}

/** Opens the tokens in a storage, making it if there is none. Throws as the storage does. */
export async function openRegistryTokens(address: string): Promise<RegistryTokens> {
  const { makeToken, openStorage } = await import("../registry/mod.ts");
  const storage = await openStorage({
    address,
    isExclusive: false,
    disk: systemDisk,
    log: silentLog,
  });
  return {
    async create(wishes) {
      const context = { now: systemClock.wallNow(), random: systemRandom };
      const token = makeToken(wishes, context);
      await storage.addToken(token.stored);
      return token;
    },
    list: () => storage.tokens(),
    revoke: (id) => storage.revokeToken(id, systemClock.wallNow()),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
  };
}
