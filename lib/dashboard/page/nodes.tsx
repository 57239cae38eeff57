// The nodes: search, state and capability choose them, heads of columns sort them.

import { useMemo, useState } from "preact/hooks";
import type { Node, State } from "./api.ts";
import { Grid } from "./grid.tsx";
import { count, visible } from "./text.ts";
import {
  capabilityChoices,
  capabilityKey,
  countStates,
  EVERYTHING,
  select,
  type Wish,
} from "./view.ts";

export interface NodesPageProps {
  readonly nodes: readonly Node[];
  readonly aheadMs: number;
  /** The node whose details are open. */
  readonly openId: string | null;
}

export function NodesPage({ nodes, aheadMs, openId }: NodesPageProps) {
  const [wish, setWish] = useState(EVERYTHING);
  const change = (part: Partial<Wish>) => setWish((before) => ({ ...before, ...part }));
  const rows = useMemo(() => select(nodes, wish), [nodes, wish]);
  return (
    <section class="nodes" aria-label="Nodes">
      <Toolbar nodes={nodes} wish={wish} onChange={change} />
      <p class="note count" role="status">
        {nodes.length === 0 ? "" : `${count(rows.length)} of ${count(nodes.length)} nodes`}
      </p>
      {rows.length > 0
        ? <Grid {...{ rows, wish, aheadMs, openId }} onChange={change} />
        : <Empty isSearch={nodes.length > 0} onReset={() => setWish(EVERYTHING)} />}
    </section>
  );
}

interface ToolbarProps {
  readonly nodes: readonly Node[];
  readonly wish: Wish;
  readonly onChange: (part: Partial<Wish>) => void;
}

const STATES: readonly (State | null)[] = [null, "active", "stale", "offline"];

function Toolbar({ nodes, wish, onChange }: ToolbarProps) {
  const counts = useMemo(() => countStates(nodes), [nodes]);
  const choices = useMemo(() => capabilityChoices(nodes), [nodes]);
  return (
    <div class="toolbar">
      <label class="search">
        <span class="hidden">Search</span>
        <input
          type="search"
          placeholder="Search names, addresses, capabilities"
          value={wish.search}
          onInput={({ currentTarget }) => onChange({ search: currentTarget.value })}
        />
      </label>
      <div class="states" role="group" aria-label="State">
        {STATES.map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={wish.state === state}
            onClick={() => onChange({ state })}
          >
            {state ?? "all"} <span>{count(state === null ? nodes.length : counts[state])}</span>
          </button>
        ))}
      </div>
      <label>
        <span class="hidden">Capability</span>
        <select
          value={wish.capability}
          onChange={({ currentTarget }) => onChange({ capability: currentTarget.value })}
        >
          <option value="">Any capability</option>
          {choices.map(({ name, label, texts }) => (
            <optgroup key={name} label={label}>
              {texts.map((text) => (
                <option key={text} value={capabilityKey(name, text)}>{visible(text)}</option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
    </div>
  );
}

function Empty(
  { isSearch, onReset }: { readonly isSearch: boolean; readonly onReset: () => void },
) {
  if (isSearch) {
    return (
      <div class="empty">
        <p>No node is like this.</p>
        <button type="button" onClick={onReset}>Show all</button>
      </div>
    );
  }
  return (
    <div class="empty">
      <p>No node has registered yet.</p>
      <p>
        On a machine that is to appear here: <code>pollen agent --registry HOST:50051</code>
      </p>
    </div>
  );
}
