// The node's port on the router: who asks for it, and when it makes sense at all.

import { derivePortMappingNonce, type IdentityKey } from "../auth/mod.ts";
import { systemClock, systemRandom } from "../host/mod.ts";
import { isPublicIp } from "../mesh/mod.ts";
import type { NodeDeps } from "../node/mod.ts";
import {
  findGateway,
  natPmpClient,
  NONCE_BYTES,
  pcpClient,
  PortMapper,
  upnpClient,
} from "../portmap/mod.ts";
import type { Log } from "../types/mod.ts";

/** What keeps a node's port mapped. `localIps` are the addresses of this machine that others are told. */
export function portMapping(
  { identity, log, localIps }: {
    readonly identity: IdentityKey;
    readonly log: Log;
    localIps(): readonly string[];
  },
): NonNullable<NodeDeps["mapPort"]> {
  const clients = [
    pcpClient(derivePortMappingNonce(identity, NONCE_BYTES)),
    natPmpClient(),
    upnpClient(systemRandom.uniform),
  ];
  return (internalPort, onChange) =>
    PortMapper.start({
      internalPort,
      clients,
      clock: systemClock,
      log,
      // Who is reached at a public address needs none, and who keeps an address from others no port
      // that leads to it.
      findGateway: async () => {
        const gateway = await findGateway();
        const makesSense = gateway !== null && !isPublicIp(gateway.localIp) &&
          localIps().includes(gateway.localIp);
        return makesSense ? gateway : null;
      },
      isPublicIp,
      onChange,
    });
}
