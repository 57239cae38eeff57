// The page: its head, and whichever of its parts the address names.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { readNetwork, readServices, readSession, signOut } from "./api.ts";
import { DetailsPanel } from "./details.tsx";
import { EventsPage } from "./events.tsx";
import { Feed, type Link, NOTHING } from "./feed.ts";
import { hrefOf, PAGES, type Place, type Theme, usePlace, useReading, useTheme } from "./hooks.ts";
import { namesOf } from "./links.ts";
import { Login } from "./login.tsx";
import { NetworkPage } from "./network.tsx";
import { NodesPage } from "./nodes.tsx";
import { ServicesPage } from "./services.tsx";

const LINKS: Readonly<Record<Link, string>> = {
  loading: "Connecting",
  live: "Live",
  polling: "Every 2 s",
  lost: "Not connected",
  denied: "Signed out",
};

const TITLES: Readonly<Record<Place["page"], string>> = {
  nodes: "Nodes",
  network: "Network",
  services: "Services",
  events: "Events",
};

/** Between two readings of what the network is like, in milliseconds; round trips are no events. */
const READ_MS = 5_000;

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
    if (lastId.current !== null && place.nodeId === null) {
      document.getElementById(place.page)?.focus();
    }
    lastId.current = place.nodeId;
  }, [place]);
  const { link, problem, nodes } = known;
  const names = useMemo(() => namesOf(nodes ?? []), [nodes]);
  const isWanted = (page: Place["page"]) =>
    link !== "denied" && (place.page === page || place.nodeId !== null);
  const network = useReading(
    isWanted("network") ? readNetwork : null,
    READ_MS,
    known.networkVersion,
  );
  const services = useReading(
    isWanted("services") ? readServices : null,
    READ_MS,
    known.servicesVersion,
  );
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
          {PAGES.map((page) => (
            <a
              key={page}
              href={hrefOf({ page, nodeId: null })}
              aria-current={place.page === page ? "page" : undefined}
            >
              {TITLES[page]}
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
              {place.page === "nodes" && (
                <NodesPage nodes={nodes} aheadMs={known.aheadMs} openId={place.nodeId} />
              )}
              {place.page === "network" && (
                <NetworkPage reading={network} names={names} openId={place.nodeId} />
              )}
              {place.page === "services" && <ServicesPage reading={services} names={names} />}
              {place.page === "events" && <EventsPage events={known.events} />}
              {place.nodeId !== null && (
                <DetailsPanel
                  key={place.nodeId}
                  id={place.nodeId}
                  page={place.page}
                  names={names}
                  network={network.value}
                  services={services.value}
                />
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
