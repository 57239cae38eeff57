// `pollen registry`: runs a registry in the foreground until it is interrupted, or changes its
// tokens, whether it runs or not.

import { resolve } from "node:path";
import { PollenError, REGISTRY_SETTINGS_BYTES_MAX } from "../../types/mod.ts";
import {
  parseDuration,
  parseRegistrySettings,
  REGISTRY_DATABASE_FILE,
  type RegistrySettings,
} from "../../config/mod.ts";
import { systemDisk } from "../../host/mod.ts";
import { loadApp } from "../app.ts";
import type { Arguments } from "../arguments.ts";
import type { Context, Run } from "../command.ts";
import { parseBind, parseStorage } from "../registry_flags.ts";
import { parseListenPort } from "../values.ts";
import { registryToken } from "./registry_token.ts";

/** Announces that it serves; the log goes to standard error, or to a file. */
export const registry: Run = async (context) => {
  const { args } = context;
  const [word] = args.positionals;
  const settings = { ...await readConfig(args), ...settingsOf(args) };
  const storage = await storageOf(context, settings.storage);
  if (word === "token") return await registryToken(context, storage);
  if (word !== undefined) {
    throw new PollenError("invalid_argument", `"${word}" is nothing that a registry can do.`, {
      fix: "Write pollen registry alone to run one, or pollen registry token create.",
    });
  }
  const logPath = args.value("log");
  const { runRegistry } = await loadApp();
  let announced = Promise.resolve();
  await runRegistry({
    ...settings,
    storage,
    ...(logPath === undefined ? {} : { logPath: resolve(logPath) }),
    signal: context.signal,
    onReady: (serving) => {
      announced = context.announce({
        text:
          `the registry serves gRPC on port ${serving.port}, HTTP on port ${serving.httpPort}. ` +
          "Stop it with Ctrl-C",
        json: { ...serving },
      });
    },
  });
  await announced;
  return null;
};

async function readConfig(args: Arguments): Promise<RegistrySettings> {
  const path = args.value("config");
  if (path === undefined) return {};
  const bytes = await systemDisk.read(resolve(path), REGISTRY_SETTINGS_BYTES_MAX);
  if (bytes === null) throw new PollenError("not_found", `There is no file ${path}.`);
  try {
    return parseRegistrySettings(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new PollenError("malformed", `${path} is not understood. ${why}`, {
      fix: "Correct it; the README names all settings.",
      cause: thrown,
    });
  }
}

function settingsOf(args: Arguments): RegistrySettings {
  const [port, httpPort, timeout] = ["port", "http-port", "heartbeat-timeout"]
    .map((name) => args.value(name));
  const bind = args.value("bind");
  const allowedHosts = args.values("allow-host");
  const texts = {
    storage: args.value("storage"),
    apiKey: args.value("api-key"),
    tlsCert: args.value("tls-cert"),
    tlsKey: args.value("tls-key"),
  };
  return {
    ...(port === undefined ? {} : { port: parseListenPort(port, "TCP port") }),
    ...(httpPort === undefined ? {} : { httpPort: parseListenPort(httpPort, "TCP port") }),
    ...(timeout === undefined ? {} : { heartbeatTimeoutMs: parseDuration(timeout) }),
    ...(bind === undefined ? {} : { bind: parseBind(bind, "--bind") }),
    ...(args.has("open") ? { isOpen: true } : {}),
    ...(allowedHosts.length === 0 ? {} : { allowedHosts }),
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
  };
}

/** Where nodes are kept: in the state folder, if nothing else is said. */
async function storageOf(context: Context, text: string | undefined): Promise<string> {
  if (text !== undefined) return parseStorage(text);
  return `sqlite:${await context.stateDirectory()}/${REGISTRY_DATABASE_FILE}`;
}
