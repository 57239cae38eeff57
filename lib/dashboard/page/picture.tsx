// The network as a picture. Whoever cannot see it, or has no pointer, has the table beside it with
// the same facts; what is focused there stands out here.

import { useMemo, useRef, useState } from "preact/hooks";
import type { Network, NetworkLink } from "./api.ts";
import { useWidth } from "./hooks.ts";
import { distanceTo, layOut, type Plan, type Spot } from "./layout.ts";
import { latency, type Names, wayOf } from "./links.ts";
import { count, visible } from "./text.ts";

export interface PictureProps {
  readonly network: Network;
  readonly names: Names;
  /** The machine that stands out. */
  readonly shownId: string | null;
  readonly onOpen: (id: string) => void;
}

/** Machines in the picture; the table has all of them. */
const MACHINES_MAX = 200;
/** Characters of a name. */
const NAME_WIDE = 16;
const NAME_NARROW = 9;
/** Links up to which round trips are written at those that stand out, and from which all are pale. */
const LATENCIES_MAX = 16;
const PALE_FROM = 60;
/** Pixels within which a pointer is at a machine, beyond its mark, and at a link. */
const NEAR_MACHINE = 8;
const NEAR_LINK = 5;

const PATHS = ["direct", "relayed"] as const;

type Pointed = { readonly id: string } | { readonly link: NetworkLink } | null;

export function Picture({ network, names, shownId, onOpen }: PictureProps) {
  const box = useRef<HTMLElement>(null);
  const width = useWidth(box);
  const [pointed, setPointed] = useState<Pointed>(null);
  const { machines, links, self } = network;
  const drawn = useMemo(
    () =>
      [...machines].sort((a, b) => Number(b.isOnline) - Number(a.isOnline)).slice(0, MACHINES_MAX),
    [machines],
  );
  const plan = useMemo(() => layOut(drawn.map(({ id }) => id), self, width), [drawn, self, width]);
  const spots = useMemo(() => new Map(plan.spots.map((spot) => [spot.id, spot])), [plan]);
  const online = useMemo(
    () => new Set(drawn.filter(({ isOnline }) => isOnline).map(({ id }) => id)),
    [drawn],
  );

  // Made anew for another network or width alone: a pointer that moves draws little.
  const all = useMemo(
    () => ({ direct: lines(links, "direct", spots), relayed: lines(links, "relayed", spots) }),
    [links, spots],
  );

  const pointedId = pointed !== null && "id" in pointed ? pointed.id : null;
  // As it is now: it may have changed since the pointer came to it, or be gone.
  const pointedLink = pointed === null || "id" in pointed
    ? null
    : links.find(({ from, to }) => from === pointed.link.from && to === pointed.link.to) ?? null;
  const standsOut = pointedId ?? shownId;
  const outstanding = pointedLink !== null
    ? [pointedLink]
    : links.filter(({ from, to }) => from === standsOut || to === standsOut);
  const pointAt = (event: PointerEvent | MouseEvent): Pointed => {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    return nearest({ x: event.clientX - left, y: event.clientY - top }, plan, spots, links);
  };
  const open = (event: MouseEvent) => {
    const at = pointAt(event);
    if (at !== null && "id" in at) onOpen(at.id);
  };

  return (
    <figure class="picture" ref={box}>
      <svg
        width={plan.width}
        height={plan.height}
        role="img"
        aria-label={`Picture of the network: ${summary(network)} The table has the same facts.`}
        class={`${links.length > PALE_FROM ? "pale" : ""}${
          pointedId === null ? "" : " at-machine"
        }`}
        onPointerMove={(event) => setPointed(pointAt(event))}
        onPointerLeave={() => setPointed(null)}
        onClick={open}
      >
        {PATHS.map((path) => <path key={path} class={`link-line ${path}`} d={all[path]} />)}
        {PATHS.map((path) => (
          <path key={path} class={`link-line ${path} is-out`} d={lines(outstanding, path, spots)} />
        ))}
        {plan.spots.map((spot) => (
          <g
            key={spot.id}
            class={`machine${spot.id === standsOut ? " is-out" : ""}${
              online.has(spot.id) ? "" : " is-offline"
            }${spot.id === self ? " is-self" : ""}`}
          >
            <circle cx={spot.x} cy={spot.y} r={plan.dot} />
            {(plan.labels !== "none" || spot.id === standsOut || spot.id === self) && (
              <Label {...{ spot, plan }} name={visible(names(spot.id))} />
            )}
          </g>
        ))}
        {outstanding.length <= LATENCIES_MAX && outstanding.map((link) => (
          <Latency
            key={`${link.from} ${link.to}`}
            link={link}
            from={spots.get(link.from)}
            to={spots.get(link.to)}
            isAtEnd={link.from === standsOut ? "to" : link.to === standsOut ? "from" : null}
          />
        ))}
      </svg>
      <figcaption class="note">
        <Legend links={links} hasOffline={online.size < drawn.length} />
        <span class="pointed">
          {pointedLink !== null
            ? `${visible(names(pointedLink.from))} and ${visible(names(pointedLink.to))}: ${
              visible(wayOf(pointedLink, names))
            }.`
            : pointedId !== null
            ? `${visible(names(pointedId))}: ${count(outstanding.length)} links.`
            : summary(network)}
        </span>
        {machines.length > drawn.length &&
          ` ${count(machines.length - drawn.length)} more machines are in the table.`}
      </figcaption>
    </figure>
  );
}

/** The network in one sentence. */
export function summary({ machines, links, omittedLinks }: Network): string {
  const online = machines.filter(({ isOnline }) => isOnline).length;
  const relayed = links.filter(({ path }) => path === "relayed").length;
  const all = links.length + omittedLinks;
  return `${count(online)} of ${count(machines.length)} machines online, ${count(all)} ${
    all === 1 ? "link" : "links"
  }, ${relayed === 0 ? "none" : count(relayed)} of them relayed.`;
}

function Legend(
  { links, hasOffline }: { readonly links: readonly NetworkLink[]; readonly hasOffline: boolean },
) {
  const paths = PATHS.filter((path) => links.some((link) => link.path === path));
  return (
    <span class="legend" aria-hidden="true">
      {paths.map((path) => (
        <span key={path}>
          <svg width="28" height="10">
            <path class={`link-line ${path} is-out`} d="M0 5H28" />
          </svg>
          {path}
        </span>
      ))}
      {hasOffline && (
        <span>
          <svg width="12" height="12" class="machine is-offline">
            <circle cx="6" cy="6" r="4" />
          </svg>
          offline
        </span>
      )}
    </span>
  );
}

function Label(
  { spot, plan, name }: { readonly spot: Spot; readonly plan: Plan; readonly name: string },
) {
  const { x, y, angle } = spot;
  const characters = [...name];
  const max = plan.width < 560 ? NAME_NARROW : NAME_WIDE;
  const text = characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : name;
  const isAlone = plan.spots.length === 1;
  const [across, down] = isAlone ? [0, 1] : [Math.cos(angle), Math.sin(angle)];
  const away = plan.dot + 6;
  if (plan.labels === "radial") {
    const isLeft = across < 0;
    const degrees = angle * 180 / Math.PI + (isLeft ? 180 : 0);
    return (
      <text
        transform={`translate(${x + away * across} ${y + away * down}) rotate(${degrees})`}
        text-anchor={isLeft ? "end" : "start"}
        dominant-baseline="central"
      >
        {text}
      </text>
    );
  }
  const anchor = Math.abs(across) < 0.3 ? "middle" : across < 0 ? "end" : "start";
  return (
    <text
      x={x + away * across}
      y={y + (away + 4) * down}
      text-anchor={anchor}
      dominant-baseline="central"
    >
      {text}
    </text>
  );
}

/** Near the far end, where lines that begin at one machine are apart. */
function Latency({ link, from, to, isAtEnd }: {
  readonly link: NetworkLink;
  readonly from: Spot | undefined;
  readonly to: Spot | undefined;
  readonly isAtEnd: "from" | "to" | null;
}) {
  if (link.latencyMs === undefined || from === undefined || to === undefined) return null;
  const share = isAtEnd === "from" ? 0.3 : isAtEnd === "to" ? 0.7 : 0.5;
  return (
    <text
      class="latency"
      x={from.x + share * (to.x - from.x)}
      y={from.y + share * (to.y - from.y) - 5}
      text-anchor="middle"
    >
      {latency(link.latencyMs)}
    </text>
  );
}

/** All links of a kind as one line that is lifted between them: thousands cost one element. */
function lines(
  links: readonly NetworkLink[],
  path: NetworkLink["path"],
  spots: ReadonlyMap<string, Spot>,
): string {
  return links.filter((link) => link.path === path).map((link) => {
    const [from, to] = [spots.get(link.from), spots.get(link.to)];
    if (from === undefined || to === undefined) return "";
    return `M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
  }).join("");
}

function nearest(
  point: { readonly x: number; readonly y: number },
  plan: Plan,
  spots: ReadonlyMap<string, Spot>,
  links: readonly NetworkLink[],
): Pointed {
  const spot = least(plan.spots, ({ x, y }) => Math.hypot(x - point.x, y - point.y));
  if (spot !== null && spot.distance <= plan.dot + NEAR_MACHINE) return { id: spot.item.id };
  const link = least(links, ({ from, to }) => {
    const [a, b] = [spots.get(from), spots.get(to)];
    return a === undefined || b === undefined ? Infinity : distanceTo(point, a, b);
  });
  return link !== null && link.distance <= NEAR_LINK ? { link: link.item } : null;
}

function least<T>(
  items: readonly T[],
  distanceOf: (item: T) => number,
): { readonly item: T; readonly distance: number } | null {
  let found: { item: T; distance: number } | null = null;
  for (const item of items) {
    const distance = distanceOf(item);
    if (found === null || distance < found.distance) found = { item, distance };
  }
  return found;
}
