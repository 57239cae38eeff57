// A list of any length of which only what is seen is in the page. The whole is one stop of the Tab
// key; arrows, Page, Home and End walk through it, Enter opens.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Node } from "./api.ts";
import { hrefOf, useMedia, useNow } from "./hooks.ts";
import { age, visible } from "./text.ts";
import { type Column, nameOf, type Wish } from "./view.ts";

export interface GridProps {
  readonly rows: readonly Node[];
  readonly wish: Wish;
  readonly aheadMs: number;
  readonly openId: string | null;
  readonly onChange: (part: Partial<Wish>) => void;
}

/** Pixels of a row, as styles/list.css has them, and of the heads. */
const ROW_WIDE = 40;
const ROW_NARROW = 60;
const HEAD = 36;
/** Rows beyond either edge, and all that may be in the page at a time. */
const BEYOND = 8;
const ROWS_MAX = 90;

const COLUMNS: readonly (readonly [Column, string])[] = [
  ["name", "Name"],
  ["state", "State"],
  ["os", "System"],
  ["cpu", "CPU"],
  ["memory", "Memory"],
  ["gpu", "GPU"],
  ["service", "Service"],
  ["seen", "Last seen"],
];

export function Grid({ rows, wish, aheadMs, openId, onChange }: GridProps) {
  const rowHeight = useMedia("(max-width: 720px)") ? ROW_NARROW : ROW_WIDE;
  const now = useNow(aheadMs);
  const box = useRef<HTMLDivElement>(null);
  const { top, height } = useScroll(box);
  const [activeId, setActiveId] = useState<string | null>(openId);
  const activeAt = rows.findIndex(({ id }) => id === activeId);

  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - BEYOND, rows.length - 1));
  const shown = Math.min(ROWS_MAX, Math.ceil(height / rowHeight) + 2 * BEYOND);
  const slice = rows.slice(first, first + shown);

  const walk = (to: number) => {
    const at = Math.max(0, Math.min(rows.length - 1, to));
    const element = box.current!;
    const above = at * rowHeight;
    const below = above + rowHeight + HEAD - element.clientHeight;
    if (element.scrollTop > above) element.scrollTop = above;
    else if (element.scrollTop < below) element.scrollTop = below;
    setActiveId(rows[at]!.id);
  };
  const press = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor((height - HEAD) / rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: activeAt + 1,
      ArrowUp: activeAt - 1,
      PageDown: activeAt + page,
      PageUp: activeAt - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = steps[event.key];
    if (to !== undefined) walk(to);
    else if (event.key === "Enter" && activeAt >= 0) open(rows[activeAt]!);
    else return;
    event.preventDefault();
  };
  const open = ({ id }: Node) => {
    setActiveId(id);
    location.hash = hrefOf({ page: "nodes", nodeId: id });
  };
  const isActiveShown = activeAt >= first && activeAt < first + slice.length;

  return (
    <div
      ref={box}
      class="grid"
      id="nodes"
      role="grid"
      tabIndex={0}
      aria-label="Nodes"
      aria-rowcount={rows.length + 1}
      aria-colcount={COLUMNS.length}
      aria-activedescendant={isActiveShown ? `row-${activeAt}` : undefined}
      onKeyDown={press}
    >
      <div role="rowgroup" class="heads">
        <div role="row" class="row" aria-rowindex={1}>
          {COLUMNS.map(([column, label]) => (
            <Head key={column} {...{ column, label, wish, onChange }} />
          ))}
        </div>
      </div>
      <div role="rowgroup" class="body" style={{ height: `${rows.length * rowHeight}px` }}>
        {slice.map((node, index) => (
          <Row
            key={node.id}
            node={node}
            at={first + index}
            top={(first + index) * rowHeight}
            now={now}
            isActive={node.id === activeId}
            isOpen={node.id === openId}
            onOpen={open}
          />
        ))}
      </div>
    </div>
  );
}

interface HeadProps {
  readonly column: Column;
  readonly label: string;
  readonly wish: Wish;
  readonly onChange: (part: Partial<Wish>) => void;
}

function Head({ column, label, wish, onChange }: HeadProps) {
  const isSorted = wish.sort === column;
  const sorted = wish.isDescending ? "descending" : "ascending";
  return (
    <div role="columnheader" class={column} aria-sort={isSorted ? sorted : "none"}>
      <button
        type="button"
        onClick={() => onChange({ sort: column, isDescending: isSorted && !wish.isDescending })}
      >
        {label}
        <span aria-hidden="true">{isSorted ? (wish.isDescending ? " ↓" : " ↑") : ""}</span>
      </button>
    </div>
  );
}

interface RowProps {
  readonly node: Node;
  readonly at: number;
  readonly top: number;
  readonly now: number;
  readonly isActive: boolean;
  readonly isOpen: boolean;
  readonly onOpen: (node: Node) => void;
}

function Row({ node, at, top, now, isActive, isOpen, onOpen }: RowProps) {
  const { capabilities = {}, state } = node;
  const texts: readonly (readonly [Column, string])[] = [
    ["os", capabilities.os ?? ""],
    ["cpu", capabilities.cpu ?? ""],
    ["memory", capabilities.memory ?? ""],
    ["gpu", capabilities.gpu_type ?? ""],
    ["service", node.agent_address ?? ""],
  ];
  return (
    <div
      role="row"
      id={`row-${at}`}
      class={`row${isActive ? " is-active" : ""}`}
      aria-rowindex={at + 2}
      aria-selected={isOpen}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onOpen(node)}
    >
      <div role="gridcell" class="name" title={visible(node.id)}>
        <bdi>{visible(nameOf(node))}</bdi>
        {node.kind === "member" && <span class="badge">member</span>}
      </div>
      <div role="gridcell" class="state">
        <span class={`dot ${state}`} aria-hidden="true" />
        {state}
      </div>
      {texts.map(([column, text]) => (
        <div key={column} role="gridcell" class={column} title={visible(text)}>
          <bdi>{visible(text)}</bdi>
        </div>
      ))}
      <div role="gridcell" class="seen">{age(now - node.lastSeenUnix * 1000)}</div>
    </div>
  );
}

/** Where the box is scrolled to and how high it is, in pixels. */
function useScroll(box: { readonly current: HTMLDivElement | null }) {
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  const look = () => {
    // An observer may still call when the list is gone.
    if (box.current === null) return;
    const { scrollTop, clientHeight } = box.current;
    setScroll((before) =>
      before.top === scrollTop && before.height === clientHeight
        ? before
        : { top: scrollTop, height: clientHeight }
    );
  };
  // After every drawing: fewer rows can have scrolled the box by themselves.
  useLayoutEffect(look);
  useEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return scroll;
}
