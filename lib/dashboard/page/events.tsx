// What happened since the page was opened.

import { hrefOf } from "./hooks.ts";
import type { Happened } from "./feed.ts";
import { moment, time, visible } from "./text.ts";
import { nameOf } from "./view.ts";

export function EventsPage({ events }: { readonly events: readonly Happened[] }) {
  return (
    <section class="page" id="events" tabIndex={-1} aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      {events.length === 0
        ? (
          <p class="note">
            Nothing has happened since this page was opened. What does appears here at once; the
            past of a node stands in its details.
          </p>
        )
        : (
          <ol class="timeline">
            {events.map(({ number, kind, at, node }) => (
              <li key={number}>
                <time dateTime={at} title={moment(at)}>{time(at)}</time>
                <span class={`kind ${kind}`}>{kind}</span>
                <a href={hrefOf({ page: "events", nodeId: node.id })}>
                  <bdi>{visible(nameOf(node))}</bdi>
                </a>
              </li>
            ))}
          </ol>
        )}
    </section>
  );
}
