// `pollen up`: runs the node, in the foreground until it is interrupted or told to stop, or in the
// background, where it outlives this command.

import { PollenError } from "../../types/mod.ts";
import { loadApp } from "../app.ts";
import type { Arguments } from "../arguments.ts";
import type { Context, Outcome, Run } from "../command.ts";
import { joinOnce } from "../join_once.ts";
import { demandUnmanaged } from "../managed.ts";
import { parseBind, parseStorage } from "../registry_flags.ts";
import { parseIps, parseListenPort, parseRelayLimit } from "../values.ts";

/** Flags of the registry with a value, and those without one. */
const REGISTRY_FLAGS = [
  "registry-port",
  "registry-http-port",
  "registry-storage",
  "registry-bind",
  "registry-allow-host",
];
const REGISTRY_SWITCHES = ["registry-open", "registry-tls"];

type App = Awaited<ReturnType<typeof loadApp>>;
type RegistryOptions = NonNullable<Parameters<App["runDaemon"]>[0]["registry"]>;

/** Announces that it is up; the log goes to standard error, or to a file. */
export const up: Run = async (context) => {
  const { args } = context;
  const port = args.value("port");
  const ips = args.value("ips");
  const options = {
    ...(port === undefined ? {} : { port: parseListenPort(port, "UDP port") }),
    ...(ips === undefined ? {} : { ips: parseIps(ips) }),
    advertise: args.values("advertise"),
    ...(args.has("no-port-mapping") ? { portMapping: false } : {}),
    ...relayOptions(args),
  };
  const registry = registryOf(args);
  if (args.has("detach")) return await detach(context);
  const logPath = args.value("log");
  const dir = await context.stateDirectory();
  await joinFirst(context, dir);
  const { runDaemon } = await loadApp();
  let announced = Promise.resolve();
  await runDaemon({
    dir,
    ...options,
    ...(registry === null ? {} : { registry }),
    ...(logPath === undefined ? {} : { logPath }),
    signal: context.signal,
    onReady: ({ port, socketPath }) => {
      announced = context.announce({
        text: `pollen is up on UDP port ${port}. Stop it with Ctrl-C or: pollen down`,
        json: { port, socketPath },
      });
    },
  });
  await announced;
  return null;
};

function relayOptions(args: Arguments): { relay?: boolean; relayLimit?: number } {
  const limit = args.value("relay-limit");
  return {
    ...(args.has("no-relay") ? { relay: false } : {}),
    ...(limit === undefined ? {} : { relayLimit: parseRelayLimit(limit) }),
  };
}

/** The registry that is to be served beside the node; null without one. */
function registryOf(args: Arguments): RegistryOptions | null {
  if (!args.has("registry")) {
    const lost = [...REGISTRY_FLAGS, ...REGISTRY_SWITCHES].find((name) => args.has(name));
    if (lost === undefined) return null;
    throw new PollenError("invalid_argument", `--${lost} is given, and no registry.`, {
      fix: "Add --registry.",
    });
  }
  const [port, httpPort, storage, bind] = REGISTRY_FLAGS.map((name) => args.value(name));
  return {
    ...(port === undefined ? {} : { port: parseListenPort(port, "TCP port") }),
    ...(httpPort === undefined ? {} : { httpPort: parseListenPort(httpPort, "TCP port") }),
    ...(storage === undefined ? {} : { storage: parseStorage(storage) }),
    ...(bind === undefined ? {} : { bind: parseBind(bind, "--registry-bind") }),
    allowedHosts: args.values("registry-allow-host"),
    isOpen: args.has("registry-open"),
    isEncrypted: args.has("registry-tls"),
  };
}

/** Joins with the token file, if one was named and this machine is in no network. */
async function joinFirst({ args, signal }: Context, dir: string): Promise<void> {
  const path = args.value("token-file");
  if (path !== undefined) await joinOnce(dir, path, signal);
}

/** Flags with a value that the node in the background gets. */
const PASSED_ON = ["port", "ips", "advertise", "relay-limit", ...REGISTRY_FLAGS];
/** Those without one. */
const SWITCHES_PASSED_ON = ["no-port-mapping", "no-relay", "registry", ...REGISTRY_SWITCHES];

async function detach(context: Context): Promise<Outcome> {
  const { args } = context;
  if (args.has("log")) {
    throw new PollenError("invalid_argument", "--log and --detach exclude each other.", {
      fix: "In the background the log is pollen.log in the state folder.",
    });
  }
  const dir = await context.stateDirectory();
  const { bootNotes, startInBackground } = await import("../background.ts");
  demandUnmanaged(dir);
  await joinFirst(context, dir);
  const flags = [
    ...PASSED_ON.flatMap((name) => args.values(name).flatMap((value) => [`--${name}`, value])),
    ...SWITCHES_PASSED_ON.filter((name) => args.has(name)).map((name) => `--${name}`),
  ];
  const node = await startInBackground(dir, flags, context.signal);
  return {
    text: `pollen is up in the background on UDP port ${node.port}. Stop it with: pollen down`,
    json: { ...node },
    notes: bootNotes(node, dir, flags),
  };
}
