// `pollen disconnect`: closes a local port that `connect` opened, for good.

import { peerKeyBytes, shortPeerKey } from "../../types/mod.ts";
import type { Run } from "../command.ts";
import { openClient } from "../daemon.ts";
import { networkOf, portText } from "../network.ts";
import { resolveForward } from "../resolve_forward.ts";
import { printable } from "../text.ts";

/** Looks up which forward is meant, then has the daemon close it with its connections. */
export const disconnect: Run = async (context) => {
  const { args, signal } = context;
  const [text = "", provider] = args.positionals;
  using client = await openClient(context);
  const network = networkOf(await client.getStatus({ signal }));
  const forward = resolveForward(network, text, provider);
  const { localPort, remotePort, service, transport } = forward;
  await client.disconnectService({
    localPort: 0,
    node: { peerId: peerKeyBytes(forward.provider) },
    remotePort,
    udp: transport === "udp",
  }, { signal });
  const target = `${printable(service) || "-"} (${shortPeerKey(forward.provider)}:${
    portText(remotePort, transport)
  })`;
  return {
    text: `no longer forwarding 127.0.0.1:${localPort} -> ${target}`,
    json: {
      localPort,
      service: service === "" ? null : service,
      provider: forward.provider,
      remotePort,
      transport,
    },
  };
};
