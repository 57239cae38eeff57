// One node with all that is known of it, read again every second while it is looked at.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import {
  type ApiError,
  CAPABILITIES,
  type CapabilityName,
  type Details,
  type Network,
  readDetails,
  type Services,
} from "./api.ts";
import { Heartbeats } from "./heartbeats.tsx";
import { hrefOf, type Place, useReading } from "./hooks.ts";
import type { Names } from "./links.ts";
import { Membership } from "./membership.tsx";
import { type Sample, Silences } from "./silences.tsx";
import { moment, visible } from "./text.ts";
import { nameOf } from "./view.ts";

/** Between two readings, in milliseconds, and how many of them the chart shows. */
const READ_MS = 1_000;
const SAMPLES_MAX = 300;

export interface DetailsProps {
  readonly id: string;
  readonly page: Place["page"];
  readonly names: Names;
  /** Null until they are read. */
  readonly network: Network | null;
  readonly services: Services | null;
}

export function DetailsPanel({ id, page, names, network, services }: DetailsProps) {
  const { details, problem, samples } = useDetails(id);
  const isMachine = network?.machines.some((machine) => machine.id === id) ?? false;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const close = () => {
    location.hash = hrefOf({ page, nodeId: null });
  };
  return (
    <section
      class="details"
      aria-labelledby="details-title"
      onKeyDown={({ key }) => key === "Escape" && close()}
    >
      <div class="details-head">
        <h2 id="details-title" ref={title} tabIndex={-1}>
          <bdi>{visible(details === null ? names(id) : nameOf(details))}</bdi>
        </h2>
        <button type="button" onClick={close}>Close</button>
      </div>
      {problem?.status === 404 && isMachine
        ? <p class="note">It was not online since this registry looks after the network.</p>
        : problem !== null && <p class="problem" role="alert">{sentence(problem)}</p>}
      {details === null
        ? problem === null && <p class="note">Reading …</p>
        : <Facts {...{ details, samples, names }} />}
      {network !== null && isMachine && <Membership {...{ id, network, services, names, page }} />}
      {details !== null && <History of={details} />}
    </section>
  );
}

function Facts({ details, samples, names }: {
  readonly details: Details;
  readonly samples: readonly Sample[];
  readonly names: Names;
}) {
  const { capabilities = {}, state } = details;
  const facts: (readonly [string, string])[] = [
    ["Id", details.id],
    ["Kind", details.kind],
    ["Service", details.agent_address ?? ""],
    ["Registered", moment(details.registeredAt)],
    ["Registered from", details.source],
    ["Registered with", details.via === undefined ? "" : names(details.via)],
    ["Last seen", moment(details.lastSeenAt)],
    ["Offline since", details.offlineAt === null ? "" : moment(details.offlineAt)],
    ...(Object.keys(CAPABILITIES) as CapabilityName[])
      .map((name) => [CAPABILITIES[name], capabilities[name] ?? ""] as const),
  ];
  return (
    <>
      <p class="state">
        <span class={`dot ${state}`} aria-hidden="true" />
        {state}
      </p>
      <h3>Heartbeats</h3>
      <Silences samples={samples} />
      <Heartbeats of={details.heartbeats} />
      <h3>Facts</h3>
      <dl>
        {facts.filter(([, text]) => text !== "").map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi>{visible(text)}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function History({ of: { history } }: { readonly of: Details }) {
  return (
    <>
      <h3>History</h3>
      {history.length === 0
        ? <p class="note">Nothing is known of its past.</p>
        : (
          <ol class="timeline">
            {history.map(({ at, kind, source }, index) => (
              <li key={`${at} ${index}`}>
                <time dateTime={at}>{moment(at)}</time>
                <span class={`kind ${kind}`}>{kind}</span>
                {source !== "" && <span>from {visible(source)}</span>}
              </li>
            ))}
          </ol>
        )}
    </>
  );
}

function sentence({ status, message }: ApiError): string {
  return status === 404 ? "This node is not known, or was forgotten." : message;
}

/** How it was up to a minute ago, which follows: the silence has only grown since. */
function earlier({ atMs, ageMs }: Sample): Sample {
  const backMs = Math.max(READ_MS, Math.min(ageMs, 60_000));
  return { atMs: atMs - backMs, ageMs: Math.max(0, ageMs - backMs) };
}

function useDetails(id: string) {
  const read = useCallback(() => readDetails(id), [id]);
  const { value, aheadMs, problem } = useReading(read, READ_MS);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (value === null) return;
    const atMs = Date.now() + aheadMs;
    const ageMs = Math.max(0, atMs - Date.parse(value.lastSeenAt));
    const sample = { atMs, ageMs };
    setSamples((before) =>
      before.length === 0 ? [earlier(sample), sample] : [...before.slice(1 - SAMPLES_MAX), sample]
    );
  }, [value]);
  return { details: value, problem, samples };
}
