// From the first characters of a key to one machine of the network. Pure.

import { type PeerKey, PollenError } from "../types/mod.ts";
import type { Machine, Network } from "./network.ts";
import { shortener } from "./network.ts";
import { printable } from "./text.ts";
import { parseKeyPrefix } from "./values.ts";

/**
 * The one machine whose key begins so, this one included.
 *
 * @throws {PollenError} `not_found`, `ambiguous`, `invalid_argument` for what no key begins with.
 */
export function resolvePeer({ self, peers }: Network, text: string): PeerKey {
  const prefix = parseKeyPrefix(text);
  const machines = [...(self === null ? [] : [self]), ...peers];
  const found = machines.filter(({ key }) => key.startsWith(prefix));
  if (found.length > 1) throw ambiguous(found, text);
  const [machine] = found;
  if (machine !== undefined) return machine.key;
  throw new PollenError(
    "not_found",
    `No machine of the network has a key that begins with "${text}".`,
    {
      fix: "See all machines with: pollen status --all",
    },
  );
}

function ambiguous(machines: readonly Machine[], text: string): PollenError {
  const short = shortener(machines.map(({ key }) => key));
  const list = machines.map(({ key, isSelf, status, address }) =>
    `\n- ${short(key)} ${isSelf ? "(self)" : status} ${printable(address)}`.trimEnd()
  );
  return new PollenError(
    "ambiguous",
    `${machines.length} machines have keys that begin with "${text}":${list.join("")}`,
    { fix: "\nType more of the key." },
  );
}
