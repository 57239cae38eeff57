// The page: its head, and whichever of its parts the address names.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { readSession, signOut } from "./api.ts";
import { DetailsPanel } from "./details.tsx";
import { EventsPage } from "./events.tsx";
import { Feed, type Link, NOTHING } from "./feed.ts";
import { hrefOf, type Theme, usePlace, useTheme } from "./hooks.ts";
import { Login } from "./login.tsx";
import { NodesPage } from "./nodes.tsx";

const LINKS: Readonly<Record<Link, string>> = {
  loading: "Connecting",
  live: "Live",
  polling: "Every 2 s",
  lost: "Not connected",
  denied: "Signed out",
};

export function App() {
  const [known, setKnown] = useState(NOTHING);
  const feed = useMemo(() => new Feed(setKnown), []);
  const place = usePlace();
  useEffect(() => {
    const look = () => document.hidden ? feed.stop() : feed.start();
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      feed.stop();
    };
  }, [feed]);
  // Who closes the details goes on where he was.
  const lastId = useRef(place.nodeId);
  useEffect(() => {
    if (lastId.current !== null && place.nodeId === null) document.getElementById("nodes")?.focus();
    lastId.current = place.nodeId;
  }, [place.nodeId]);
  const { link, problem, nodes } = known;
  const isDenied = link === "denied";
  const isSignedIn = useSession(link);
  const leave = async () => {
    await signOut().catch(() => {});
    feed.start();
  };

  return (
    <>
      <header class="top">
        <h1>Pollen</h1>
        <nav aria-label="Pages">
          {(["nodes", "events"] as const).map((page) => (
            <a
              key={page}
              href={hrefOf({ page, nodeId: null })}
              aria-current={place.page === page ? "page" : undefined}
            >
              {page === "nodes" ? "Nodes" : "Events"}
            </a>
          ))}
        </nav>
        <span class={`link ${link}`} role="status">{LINKS[link]}</span>
        {isSignedIn && !isDenied && (
          <button type="button" onClick={() => void leave()}>Sign out</button>
        )}
        <ThemeChoice />
      </header>
      <main>
        {link === "lost" && (
          <p class="problem" role="alert">
            {problem} {nodes !== null && "What you see is what was known before. "}
            This page tries again by itself.
          </p>
        )}
        {isDenied
          ? <Login onDone={() => feed.start()} />
          : nodes === null
          ? link !== "lost" && <p class="note" role="status">Reading the list of nodes …</p>
          : (
            <div class={place.nodeId === null ? "parts" : "parts with-details"}>
              {place.page === "nodes"
                ? <NodesPage nodes={nodes} aheadMs={known.aheadMs} openId={place.nodeId} />
                : <EventsPage events={known.events} />}
              {place.nodeId !== null && (
                <DetailsPanel key={place.nodeId} id={place.nodeId} page={place.page} />
              )}
            </div>
          )}
      </main>
    </>
  );
}

/** Whether a token was shown that could be taken back. */
function useSession(link: Link): boolean {
  const [isSignedIn, setSignedIn] = useState(false);
  useEffect(() => {
    if (link !== "live" && link !== "polling") return;
    readSession().then(
      ({ isTokenRequired, isLoggedIn }) => setSignedIn(isTokenRequired && isLoggedIn),
      () => setSignedIn(false),
    );
  }, [link]);
  return isSignedIn;
}

function ThemeChoice() {
  const [theme, setTheme] = useTheme();
  return (
    <label class="theme">
      <span class="hidden">Colours</span>
      <select
        value={theme}
        onChange={({ currentTarget }) => setTheme(currentTarget.value as Theme)}
      >
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
