// `pollen unserve`: takes back what `serve` offered.

import { PollenError } from "../../types/mod.ts";
import type { ControlClient } from "../../server/mod.ts";
import type { UnregisterServiceResponse } from "../../proto/mod.ts";
import type { Run } from "../command.ts";
import { openClient } from "../daemon.ts";
import { portText } from "../network.ts";
import { printable } from "../text.ts";
import { tryParsePort } from "../values.ts";

/** By the port, which takes all its names back, or by one name. */
export const unserve: Run = async (context) => {
  const [text = ""] = context.args.positionals;
  using client = await openClient(context);
  const { names, port, udp = false } = await unregister(client, text, context.signal);
  const shown = names.map((name) => `"${printable(name)}"`).join(", ");
  const transport = udp ? "udp" : "tcp";
  return {
    text: `no longer serving ${shown} on port ${portText(port, transport)}`,
    json: { port, transport, names },
  };
};

/** A number is a port, or else a name that looks like one. */
async function unregister(
  client: ControlClient,
  text: string,
  signal: AbortSignal,
): Promise<UnregisterServiceResponse> {
  const port = tryParsePort(text);
  if (port === undefined) {
    return await client.unregisterService({ port: 0, name: text }, { signal });
  }
  try {
    return await client.unregisterService({ port }, { signal });
  } catch (thrown) {
    if (!(thrown instanceof PollenError && thrown.code === "not_found")) throw thrown;
    return await client.unregisterService({ port: 0, name: text }, { signal }).catch(() => {
      throw thrown;
    });
  }
}
