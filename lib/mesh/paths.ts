// The paths of all sessions: where they lead and since when. Those of pollen/2 are asked and moved
// from here; what is decided stands in path_choice.ts.

import {
  addMs,
  assert,
  type Clock,
  type Engine,
  formatAddress,
  type LimitCounter,
  type Log,
  type PeerKey,
  type PeerPath,
  realAddress,
  type Session,
  shortPeerKey,
  type SocketAddress,
  type WallMs,
} from "../types/mod.ts";
import { isPublicIp } from "./addresses.ts";
import { LOOK_MS } from "./hearing.ts";
import { fingerprint } from "./known_certificates.ts";
import { PathChoice, type PathOutput } from "./path_choice.ts";
import { ProbeCodec, probeTag } from "./path_probe.ts";
import type { Relays } from "./relays.ts";

/** How long a path that went silent may take to answer before another one is looked for. */
const GRACE_MS = 400;
/**
 * A look that comes so much later than it was due says nothing of anybody: this process had no turn,
 * and what came meanwhile still waits.
 */
const LATE_MS = 200;
/** So much of a certificate's fingerprint is enough to tell it from others. */
const SHOWN_DIGITS = 16;

interface Kept {
  readonly peer: PeerKey;
  readonly session: Session;
  readonly codec: ProbeCodec;
  readonly choice: PathChoice;
}

/** Where a session leads. */
interface Lead {
  /** Null where nobody carries it. */
  readonly carrier: PeerKey | null;
  readonly since: WallMs;
}

export interface PathsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes what finds no room. */
  readonly limits: LimitCounter;
  readonly relays: Relays;
  /** Where a peer may be, besides where its session leads. */
  candidates(peer: PeerKey): readonly SocketAddress[];
  /** The session leads to another place now. */
  onMoved(peer: PeerKey, session: Session): void;
  /** Nothing is heard of the peer, and its path does not answer. */
  onSilent(peer: PeerKey, session: Session): void;
}

export class Paths {
  readonly #options: PathsOptions;
  /** By the tag of their probes. */
  readonly #sessions = new Map<string, Kept>();
  readonly #leads = new WeakMap<Session, Lead>();
  #isBehindRouter = true;
  #stopTimer = () => {};
  #stopGrace = () => {};

  constructor(options: PathsOptions) {
    this.#options = options;
  }

  /** Notes down where a session leads from now on. */
  begin(session: Session): void {
    const carrier = this.#options.relays.carrierAt(session.remoteAddress);
    this.#leads.set(session, { carrier, since: this.#options.clock.wallNow() });
  }

  /** Keeps the paths of a session of pollen/2 until it ends. */
  async keep(peer: PeerKey, session: Session): Promise<void> {
    const codec = new ProbeCodec(session.secret, !session.inbound);
    const choice = new PathChoice(this.#now(), session.remoteAddress, this.#options.limits);
    const kept = { peer, session, codec, choice };
    if (this.#sessions.size === 0) this.#schedule();
    this.#sessions.set(codec.tag, kept);
    for (let from; (from = await session.nextStray()) !== null;) {
      this.#perform(kept, choice.strayed(this.#now(), from));
    }
    this.#sessions.delete(codec.tag);
    if (this.#sessions.size > 0) return;
    this.#stopTimer();
    this.#stopGrace();
  }

  /** Where a session leads now. */
  of(session: Session): PeerPath {
    const lead = this.#leads.get(session);
    assert(lead !== undefined, "only of sessions that were begun");
    const { rttMs, packetsSent, packetsLost } = session.stats();
    const address = realAddress(session.remoteAddress);
    return { ...lead, address, rttMs, packetsSent, packetsLost };
  }

  /** This machine's addresses changed, or it slept: every path is asked at once. */
  shake(): void {
    for (const kept of this.#sessions.values()) {
      // The address of ours that it used may be gone, and the way may be another one.
      kept.session.setPath(kept.session.remoteAddress);
      this.#perform(kept, kept.choice.shaken(this.#now(), this.#candidates(kept.peer)));
    }
  }

  /** Whether a router stands between this node and the Internet, which may forget its paths. At first one does. */
  setBehindRouter(isBehindRouter: boolean): void {
    this.#isBehindRouter = isBehindRouter;
  }

  /** The peer may be reached there: it is asked if its sessions could do better. */
  suggest(peer: PeerKey, address: SocketAddress): void {
    for (const kept of this.#sessions.values()) {
      if (kept.peer === peer) this.#perform(kept, kept.choice.suggested(this.#now(), address));
    }
  }

  /** Takes a packet that came to our socket and is not QUIC; whether it has the form of a probe. */
  received(from: SocketAddress, bytes: Uint8Array): boolean {
    const tag = probeTag(bytes);
    if (tag === null) return false;
    const kept = this.#sessions.get(tag);
    const probe = kept?.codec.decode(bytes) ?? null;
    if (kept === undefined || probe === null) return true;
    const { choice } = kept;
    const outputs = probe.kind === "ask"
      ? choice.questioned(this.#now(), from, probe.number)
      : choice.answered(this.#now(), from, probe.number);
    this.#perform(kept, outputs);
    return true;
  }

  #schedule(): void {
    this.#stopTimer = this.#after(LOOK_MS, (isLate) => {
      this.#schedule();
      for (const kept of this.#sessions.values()) {
        const { peer, session, choice } = kept;
        const candidates = () => this.#candidates(peer);
        const isForgotten = this.#isBehindRouter && isOnInternet(choice.current);
        const options = { isLate, isForgotten };
        this.#perform(kept, choice.tick(this.#now(), session.stats(), candidates, options));
      }
      this.#stopGrace();
      if (isLate) return;
      this.#tell(({ isDead, isSearching }) => isDead && isSearching);
      const isWaited = ({ isSilent, isDead, isSearching }: PathChoice) =>
        isSilent && !isDead && isSearching;
      if (![...this.#sessions.values()].some(({ choice }) => isWaited(choice))) return;
      this.#stopGrace = this.#after(GRACE_MS, (isLate) => {
        if (!isLate) this.#tell(isWaited);
      });
    });
  }

  #after(delayMs: number, look: (isLate: boolean) => void): () => void {
    const dueAt = addMs(this.#now(), delayMs);
    return this.#options.clock.setTimer(delayMs, () => look(this.#now() - dueAt > LATE_MS));
  }

  /** Tells of those whose path is so. */
  #tell(isSo: (choice: PathChoice) => boolean): void {
    for (const { peer, session, choice } of this.#sessions.values()) {
      if (isSo(choice)) this.#options.onSilent(peer, session);
    }
  }

  /** Those over carriers first: they are few, and known to lead to the peer. */
  #candidates(peer: PeerKey): readonly SocketAddress[] {
    const { relays, candidates } = this.#options;
    return [...relays.to(peer), ...candidates(peer)];
  }

  #perform({ peer, session, codec }: Kept, outputs: readonly PathOutput[]): void {
    const { engine, log, onMoved } = this.#options;
    for (const output of outputs) {
      if (output.kind !== "move") {
        engine.sendRaw(output.to, codec.encode(output));
        continue;
      }
      const from = textOf(this.of(session));
      session.setPath(output.to);
      this.begin(session);
      const to = textOf(this.of(session));
      // Both ends name the session alike: that it is still the same one can be seen.
      const certificate = fingerprint(session.peerCertificate).slice(0, SHOWN_DIGITS);
      const names = { session: codec.tag, certificate };
      log.info("a peer is reached another way now", { peer, from, to, ...names });
      onMoved(peer, session);
    }
  }

  #now() {
    return this.#options.clock.monotonicNow();
  }
}

/**
 * Whether packets to this address go out to the Internet over IPv4, through routers that give out
 * ports. Those to a carrier go with its own session.
 */
function isOnInternet(address: SocketAddress): boolean {
  const ip = realAddress(address)?.ip ?? "";
  return !ip.includes(":") && isPublicIp(ip);
}

/** A path, for people. */
function textOf({ carrier, address }: PeerPath): string {
  if (carrier !== null) return `through ${shortPeerKey(carrier)}`;
  return address === null ? "through a relay that ended" : formatAddress(address);
}
