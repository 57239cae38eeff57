// `pollen agent`: registers this machine with a registry and sends heartbeats until it is
// interrupted.

import { parseDuration } from "../../config/mod.ts";
import { PollenError } from "../../types/mod.ts";
import { loadApp } from "../app.ts";
import type { Run } from "../command.ts";
import { parseRegistries, readFlagFile, readToken } from "../registry_flags.ts";

/** Announces where it has registered, again after each change; the log goes to standard error. */
export const agent: Run = async (context) => {
  const { args } = context;
  const registries = args.value("registry");
  if (registries === undefined) {
    throw new PollenError("invalid_argument", "It is not said which registry to register with.", {
      fix: "Name one, or several with commas between: --registry host:port",
    });
  }
  const [id, hostname, agentAddress] = ["node-id", "hostname", "agent-address"]
    .map((name) => args.value(name));
  const interval = args.value("heartbeat-interval");
  const token = await readToken(args);
  const authorities = await readFlagFile(args, "tls-ca");
  const trust = authorities ?? (args.has("tls") ? null : undefined);
  const { runAgent } = await loadApp();
  let announced = Promise.resolve();
  await runAgent({
    dir: await context.stateDirectory(),
    registries: parseRegistries(registries),
    ...(id === undefined ? {} : { id }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(agentAddress === undefined ? {} : { agentAddress }),
    ...(interval === undefined ? {} : { intervalMs: parseDuration(interval) }),
    ...(token === undefined ? {} : { token }),
    ...(trust === undefined ? {} : { trust }),
    signal: context.signal,
    onRegistered: ({ id, registry }) => {
      announced = announced.then(() =>
        context.announce({
          text: `registered with ${registry} as ${id}`,
          json: { id, registry },
        })
      );
    },
  });
  await announced;
  return null;
};
