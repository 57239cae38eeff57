// The network: who is connected with whom, as a picture and as a table.

import { useMemo, useState } from "preact/hooks";
import type { Network } from "./api.ts";
import { hrefOf, type Reading } from "./hooks.ts";
import { machineRows, type Names } from "./links.ts";
import { Picture } from "./picture.tsx";
import { Problem } from "./problem.tsx";
import { count, visible } from "./text.ts";

export interface NetworkPageProps {
  readonly reading: Reading<Network>;
  readonly names: Names;
  readonly openId: string | null;
}

export function NetworkPage({ reading, names, openId }: NetworkPageProps) {
  const { value } = reading;
  return (
    <section class="page" id="network" tabIndex={-1} aria-labelledby="network-title">
      <h2 id="network-title">Network</h2>
      <Problem of={reading} />
      {value === null
        ? reading.problem === null && <p class="note" role="status">Reading the network …</p>
        : value.reason !== null
        ? <p class="empty">{value.reason}</p>
        : <Machines network={value} names={names} openId={openId} />}
    </section>
  );
}

function Machines({ network, names, openId }: {
  readonly network: Network;
  readonly names: Names;
  readonly openId: string | null;
}) {
  const [lookedAtId, setLookedAtId] = useState<string | null>(null);
  const rows = useMemo(() => machineRows(network, names), [network, names]);
  const open = (id: string) => {
    location.hash = hrefOf({ page: "network", nodeId: id });
  };
  const isAlone = network.machines.length === 1;
  return (
    <>
      {isAlone && (
        <p class="note">
          No other machine has joined yet. <code>pollen invite</code> makes a token for one.
        </p>
      )}
      <div class="beside">
        <Picture network={network} names={names} shownId={lookedAtId ?? openId} onOpen={open} />
        <table>
          <caption class="hidden">Machines of the network</caption>
          <thead>
            <tr>
              <th scope="col">Machine</th>
              <th scope="col">State</th>
              <th scope="col">From here</th>
              <th scope="col" class="number">Links</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ machine: { id, isOnline }, way, links }) => (
              <tr
                key={id}
                aria-current={id === openId ? "true" : undefined}
                onMouseEnter={() => setLookedAtId(id)}
                onMouseLeave={() => setLookedAtId(null)}
              >
                <th scope="row" title={visible(id)}>
                  <a
                    href={hrefOf({ page: "network", nodeId: id })}
                    onFocus={() => setLookedAtId(id)}
                    onBlur={() => setLookedAtId(null)}
                  >
                    <bdi>{visible(names(id))}</bdi>
                  </a>
                </th>
                <td>
                  <span class={`dot ${isOnline ? "active" : "offline"}`} aria-hidden="true" />
                  {isOnline ? "online" : "offline"}
                </td>
                <td>{visible(way)}</td>
                <td class="number">{count(links.length)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
