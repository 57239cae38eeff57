// What components share: the moment, the address of what is shown, the width, the colours.

import { useEffect, useLayoutEffect, useState } from "preact/hooks";

/** The time by the registry's clock, every second. */
export function useNow(aheadMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now + aheadMs;
}

/** What is shown. */
export interface Place {
  readonly page: "nodes" | "events";
  /** The node whose details are open. */
  readonly nodeId: string | null;
}

/** The address of a place, to be a link. */
export function hrefOf({ page, nodeId }: Place): string {
  return nodeId === null ? `#/${page}` : `#/${page}/${encodeURIComponent(nodeId)}`;
}

function placeOf(hash: string): Place {
  const [, page, id] = /^#\/(nodes|events)(?:\/(.+))?$/.exec(hash) ?? [];
  try {
    return {
      page: page === "events" ? page : "nodes",
      nodeId: id === undefined ? null : decodeURIComponent(id),
    };
  } catch {
    return { page: "nodes", nodeId: null };
  }
}

/** What the address says, so that the browser's way back works. */
export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const look = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, []);
  return place;
}

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const look = () => setHolds(list.matches);
    look();
    list.addEventListener("change", look);
    return () => list.removeEventListener("change", look);
  }, [query]);
  return holds;
}

export type Theme = "system" | "light" | "dark";

const THEME = "pollen-theme";

/** The chosen colours, kept on this machine. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() => {
    const kept = localStorage.getItem(THEME);
    return kept === "light" || kept === "dark" ? kept : "system";
  });
  // Before anything is painted in other colours.
  useLayoutEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(THEME, theme);
  }, [theme]);
  return [theme, setTheme];
}
