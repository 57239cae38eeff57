// `pollen up`: runs the daemon in the foreground until it is interrupted or told to stop.

import { loadApp } from "../app.ts";
import type { Run } from "../command.ts";
import { parseIps, parseListenPort } from "../values.ts";

/** Announces that it is up; the log goes to standard error. */
export const up: Run = async (context) => {
  const { args, signal } = context;
  const port = args.value("port");
  const ips = args.value("ips");
  const options = {
    ...(port === undefined ? {} : { port: parseListenPort(port, "UDP port") }),
    ...(ips === undefined ? {} : { ips: parseIps(ips) }),
  };
  const dir = await context.stateDirectory();
  const { runDaemon } = await loadApp();
  let announced = Promise.resolve();
  await runDaemon({
    dir,
    ...options,
    signal,
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
