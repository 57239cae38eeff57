// `pollen serve`: offers a local port to the network, of TCP or of UDP.

import type { Run } from "../command.ts";
import { openClient } from "../daemon.ts";
import { portText } from "../network.ts";
import { printable } from "../text.ts";
import { parsePort, parseServiceName } from "../values.ts";

/** Registers the port with the daemon. */
export const serve: Run = async (context) => {
  const [text = "", nameText] = context.args.positionals;
  const port = parsePort(text, "port");
  const name = nameText === undefined ? undefined : parseServiceName(nameText);
  const transport = context.args.has("udp") ? "udp" : "tcp";
  using client = await openClient(context);
  const udp = transport === "udp";
  await client.registerService({ port, name, udp }, { signal: context.signal });
  const shown = printable(name ?? String(port));
  return {
    text: `serving port ${portText(port, transport)} as "${shown}"`,
    json: { port, transport, name: name ?? String(port) },
    notes: [`Elsewhere in the network: pollen connect ${shown}`],
  };
};
