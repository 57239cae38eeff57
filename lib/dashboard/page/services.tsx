// What the machines of the network offer.

import { useMemo, useState } from "preact/hooks";
import type { Service, Services } from "./api.ts";
import { hrefOf, type Reading } from "./hooks.ts";
import type { Names } from "./links.ts";
import { Problem } from "./problem.tsx";
import { count, visible } from "./text.ts";

/** Rows in the page; the search finds the rest. */
const ROWS_MAX = 200;

export interface ServicesPageProps {
  readonly reading: Reading<Services>;
  readonly names: Names;
}

export function ServicesPage({ reading, names }: ServicesPageProps) {
  const { value } = reading;
  return (
    <section class="page" id="services" tabIndex={-1} aria-labelledby="services-title">
      <h2 id="services-title">Services</h2>
      <Problem of={reading} />
      {value === null
        ? reading.problem === null && <p class="note" role="status">Reading the services …</p>
        : value.reason !== null
        ? <p class="empty">{value.reason}</p>
        : value.services.length === 0
        ? (
          <div class="empty">
            <p>No machine offers a service.</p>
            <p>
              On one that is to: <code>pollen serve 8080 web</code>
            </p>
          </div>
        )
        : <List all={value} names={names} />}
    </section>
  );
}

function List({ all, names }: { readonly all: Services; readonly names: Names }) {
  const [search, setSearch] = useState("");
  const found = useMemo(() => select(all.services, names, search), [all, names, search]);
  const total = all.services.length + all.omittedServices;
  return (
    <>
      <div class="toolbar">
        <label class="search">
          <span class="hidden">Search services</span>
          <input
            type="search"
            placeholder="Search names, ports, machines"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </label>
      </div>
      <p class="note" role="status">
        {`${count(found.length)} of ${count(total)} services`}
        {found.length > ROWS_MAX && `, the first ${count(ROWS_MAX)} of them shown`}
      </p>
      <table>
        <caption class="hidden">Services of the network</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">Port</th>
            <th scope="col">Machine</th>
            <th scope="col">Reachable</th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, ROWS_MAX).map(({ name, port, transport, provider, isReachable }) => (
            <tr key={`${provider} ${name}`}>
              <th scope="row">
                <bdi>{visible(name)}</bdi>
              </th>
              <td class="number">{transport === "udp" ? `${port}/udp` : port}</td>
              <td title={visible(provider)}>
                <a href={hrefOf({ page: "services", nodeId: provider })}>
                  <bdi>{visible(names(provider))}</bdi>
                </a>
              </td>
              <td>
                <span class={`dot ${isReachable ? "active" : "offline"}`} aria-hidden="true" />
                {isReachable ? "yes" : "no"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Those in which every word is found, by name. */
function select(services: readonly Service[], names: Names, search: string): Service[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const isFound = ({ name, port, provider }: Service) => {
    const all = [name, port, provider, names(provider)].join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  };
  return services.filter(isFound).sort((a, b) =>
    collator.compare(a.name, b.name) || collator.compare(names(a.provider), names(b.provider))
  );
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
