// `pollen status`: what the daemon knows of the network.

import type { Run } from "../command.ts";
import { openClient } from "../daemon.ts";
import { renderStatus, statusJson } from "../status_view.ts";

/** Asks once and shows it. */
export const status: Run = async (context) => {
  using client = await openClient(context);
  const response = await client.getStatus({ signal: context.signal });
  const text = context.isJson ? "" : renderStatus(response, {
    all: context.args.has("all"),
    wide: context.args.has("wide"),
    isColored: context.isColored,
    now: context.now(),
    os: Deno.build.os,
  });
  return { text, json: context.isJson ? statusJson(response) : {} };
};
