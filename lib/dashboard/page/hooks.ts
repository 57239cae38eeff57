// What components share: the moment, what the API says, the address of what is shown, the size, the
// colours.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Answered, ApiError } from "./api.ts";

/** The time by the registry's clock, every second. */
export function useNow(aheadMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now + aheadMs;
}

/** What the API said last, and why it says nothing now. */
export interface Reading<T> {
  /** Null until the first answer. */
  readonly value: T | null;
  readonly aheadMs: number;
  /** Null where all is well. */
  readonly problem: ApiError | null;
}

/** Until a question that failed is asked again, in milliseconds. */
const RETRY_MS = 1_000;

const UNREAD = { value: null, aheadMs: 0, problem: null };

/**
 * Reads again and again, one at a time, while somebody looks.
 *
 * @param read The same function as long as the same is read; null for nothing.
 * @param everyMs Between an answer and the next question.
 * @param version With another one it is read at once.
 */
export function useReading<T>(
  read: (() => Promise<Answered<T>>) | null,
  everyMs: number,
  version = 0,
): Reading<T> {
  const [reading, setReading] = useState<Reading<T>>(UNREAD);
  const readNow = useRef(() => {});
  useEffect(() => {
    setReading(UNREAD);
    if (read === null) return;
    let timer = 0;
    let isOver = false;
    let isReading = false;
    let mustReadAgain = false;
    const look = async () => {
      mustReadAgain = isReading;
      if (isReading) return;
      clearTimeout(timer);
      isReading = true;
      let waitMs = everyMs;
      try {
        const { value, aheadMs } = await read();
        if (!isOver) setReading({ value, aheadMs, problem: null });
      } catch (thrown) {
        waitMs = Math.min(everyMs, RETRY_MS);
        if (!isOver) setReading((before) => ({ ...before, problem: thrown as ApiError }));
      }
      isReading = false;
      if (isOver) return;
      if (mustReadAgain) void look();
      else timer = setTimeout(tick, waitMs);
    };
    // Whoever looks again opens the feed anew, which reads everything.
    const tick = () => {
      if (document.hidden) timer = setTimeout(tick, everyMs);
      else void look();
    };
    readNow.current = () => void look();
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
      readNow.current = () => {};
    };
  }, [read, everyMs]);
  const lastVersion = useRef(version);
  useEffect(() => {
    if (lastVersion.current !== version) readNow.current();
    lastVersion.current = version;
  }, [version]);
  return reading;
}

/** The parts of the page, in their order. */
export const PAGES = ["nodes", "network", "services", "events"] as const;

/** What is shown. */
export interface Place {
  readonly page: typeof PAGES[number];
  /** The node whose details are open. */
  readonly nodeId: string | null;
}

/** The address of a place, to be a link. */
export function hrefOf({ page, nodeId }: Place): string {
  return nodeId === null ? `#/${page}` : `#/${page}/${encodeURIComponent(nodeId)}`;
}

function placeOf(hash: string): Place {
  const [, name, id] = /^#\/(\w+)(?:\/(.+))?$/.exec(hash) ?? [];
  const page = PAGES.find((page) => page === name);
  if (page === undefined) return { page: "nodes", nodeId: null };
  try {
    return { page, nodeId: id === undefined ? null : decodeURIComponent(id) };
  } catch {
    return { page, nodeId: null };
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

/** The width of an element in pixels, 0 before it is there. */
export function useWidth(box: { readonly current: Element | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => setWidth(element.clientWidth);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return width;
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
