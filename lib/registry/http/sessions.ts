// Logins of browsers: a token is shown once and a cookie stands for it afterwards, which no script
// can read and no other site's page can send. A session is worth what its token is worth at that
// moment, and ends with the process. A browser sends cookies to all ports of a host, so that each
// registry of one has a cookie of its own name.

import type { Clock, Random } from "../../types/mod.ts";
import { SESSION_MS, SESSIONS_MAX } from "../limits.ts";

const COOKIE = "pollen_session";
const ID_BYTES = 32;

interface Session {
  readonly credential: string;
  readonly endsAtMs: number;
}

/** The sessions of one registry. */
export class Sessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #isEncrypted: boolean;
  readonly #sessions = new Map<string, Session>();

  /** @param isEncrypted Whether browsers come by TLS, and only then are to send the cookie. */
  constructor(clock: Clock, random: Random, isEncrypted: boolean) {
    this.#clock = clock;
    this.#random = random;
    this.#isEncrypted = isEncrypted;
  }

  /** Begins a session for a token that was accepted; its cookie. */
  begin(credential: string, request: Request): string {
    if (this.#sessions.size >= SESSIONS_MAX) {
      // The oldest has to log in again.
      this.#sessions.delete(this.#sessions.keys().next().value!);
    }
    const id = this.#random.bytes(ID_BYTES).toHex();
    this.#sessions.set(id, { credential, endsAtMs: this.#clock.monotonicNow() + SESSION_MS });
    return this.#cookie(request, id, SESSION_MS / 1000);
  }

  /** Ends the session of a request, if it has one; the cookie that takes the other back. */
  end(request: Request): string {
    this.#sessions.delete(idOf(request));
    return this.#cookie(request, "", 0);
  }

  /** What a request shows: its token, or that of its session; null for neither. */
  credentialOf(request: Request): string | null {
    const shown = request.headers.get("authorization");
    if (shown !== null) return shown;
    const id = idOf(request);
    const session = this.#sessions.get(id);
    if (session === undefined) return null;
    if (this.#clock.monotonicNow() < session.endsAtMs) return session.credential;
    this.#sessions.delete(id);
    return null;
  }

  #cookie(request: Request, id: string, seconds: number): string {
    const secure = this.#isEncrypted ? "; Secure" : "";
    return `${
      nameFor(request)
    }=${id}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
  }
}

/** By the port that the browser knows. */
function nameFor(request: Request): string {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  const port = /:(\d+)$/.exec(host)?.[1];
  return port === undefined ? COOKIE : `${COOKIE}_${port}`;
}

function idOf(request: Request): string {
  const name = `${nameFor(request)}=`;
  const cookies = (request.headers.get("cookie") ?? "").split(";").map((part) => part.trim());
  return cookies.find((part) => part.startsWith(name))?.slice(name.length) ?? "";
}
