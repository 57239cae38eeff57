// What a node's details tell of it as a machine of the network: its links, and what it offers.

import type { Network, Services } from "./api.ts";
import { hrefOf, type Place } from "./hooks.ts";
import { type Names, otherEnd, wayOf } from "./links.ts";
import { visible } from "./text.ts";

export interface MembershipProps {
  readonly id: string;
  readonly network: Network;
  /** Null until they are read. */
  readonly services: Services | null;
  readonly names: Names;
  readonly page: Place["page"];
}

export function Membership({ id, network, services, names, page }: MembershipProps) {
  const links = network.links.filter(({ from, to }) => from === id || to === id)
    .map((link) => ({ link, other: otherEnd(link, id) }))
    .sort((a, b) => names(a.other) < names(b.other) ? -1 : 1);
  const offered = services?.services.filter(({ provider }) => provider === id) ?? [];
  return (
    <>
      <h3>Links</h3>
      {links.length === 0 ? <p class="note">It is connected with nobody.</p> : (
        <ul class="pairs">
          {links.map(({ link, other }) => (
            <li key={other}>
              <a href={hrefOf({ page, nodeId: other })}>
                <bdi>{visible(names(other))}</bdi>
              </a>
              <span>{visible(wayOf(link, names))}</span>
            </li>
          ))}
        </ul>
      )}
      <h3>Services</h3>
      {offered.length === 0 ? <p class="note">It offers none.</p> : (
        <ul class="pairs">
          {offered.map(({ name, port }) => (
            <li key={name}>
              <bdi>{visible(name)}</bdi>
              <span>port {port}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
