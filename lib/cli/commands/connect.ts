// `pollen connect`: brings a service of another machine to a local port.

import { peerKeyBytes, shortPeerKey } from "../../types/mod.ts";
import type { Run } from "../command.ts";
import { openClient } from "../daemon.ts";
import { networkOf, portText } from "../network.ts";
import { readWish, resolveService } from "../resolve_service.ts";
import { printable } from "../text.ts";

/** Looks up who offers the service, then has the daemon forward a port to it. */
export const connect: Run = async (context) => {
  const { args, signal } = context;
  const wish = readWish(args.positionals, {
    provider: args.value("provider"),
    localPort: args.value("local-port"),
  });
  using client = await openClient(context);
  const service = resolveService(networkOf(await client.getStatus({ signal })), wish);
  const { localPort } = await client.connectService({
    node: { peerId: peerKeyBytes(service.provider) },
    remotePort: service.port,
    udp: service.transport === "udp",
    localPort: wish.localPort ?? 0,
    // Who asks for a name wants what is called so, wherever it moves; who asks for a port, the port.
    serviceName: service.name === wish.service ? service.name : undefined,
  }, { signal });
  const wanted = wish.localPort ?? service.port;
  const target = `${printable(service.name)} (${shortPeerKey(service.provider)}:${
    portText(service.port, service.transport)
  })`;
  return {
    text: `forwarding 127.0.0.1:${localPort} -> ${target}`,
    json: {
      localPort,
      requestedLocalPort: wish.localPort ?? null,
      service: service.name,
      provider: service.provider,
      remotePort: service.port,
      transport: service.transport,
    },
    notes: localPort === wanted
      ? []
      : [`Local port ${wanted} is taken; ${localPort} is used instead.`],
  };
};
