// `pollen serve`: offers a local port to the network.

import type { Run } from "../command.ts";
import { openClient } from "../daemon.ts";
import { printable } from "../text.ts";
import { parsePort, parseServiceName } from "../values.ts";

/** Registers the port with the daemon. */
export const serve: Run = async (context) => {
  const [portText = "", nameText] = context.args.positionals;
  const port = parsePort(portText, "port");
  const name = nameText === undefined ? undefined : parseServiceName(nameText);
  using client = await openClient(context);
  await client.registerService({ port, name }, { signal: context.signal });
  const shown = printable(name ?? String(port));
  return {
    text: `serving port ${port} as "${shown}"`,
    json: { port, name: name ?? String(port) },
    notes: [`Elsewhere in the network: pollen connect ${shown}`],
  };
};
