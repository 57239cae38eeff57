// What others can exceed is counted under its limit's name and logged once a minute, whichever room
// the limit stands in. Each row goes through the room itself, up to the limit and three times beyond.

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { systemRandom } from "../../../lib/host/mod.ts";
import { Links } from "../../../lib/mesh/links.ts";
import { PathChoice } from "../../../lib/mesh/path_choice.ts";
import { Redemptions } from "../../../lib/mesh/redemptions.ts";
import { type Member, SessionRegistry } from "../../../lib/mesh/registry.ts";
import { Reports } from "../../../lib/mesh/reports.ts";
import { SockStore } from "../../../lib/sock/mod.ts";
import { NodeCore } from "../../../lib/node/mod.ts";
import { Renewals } from "../../../lib/node/renewals.ts";
import { Rounds } from "../../../lib/node/rounds.ts";
import { DEFAULT_CONFIG } from "../../../lib/node/wiring.ts";
import {
  AgentPage,
  Envelope,
  type Frame,
  MembershipCert,
  MembershipCertClaims,
} from "../../../lib/proto/mod.ts";
import { Store } from "../../../lib/store/mod.ts";
import {
  AGENT_PAGES_MAX,
  AGENT_PAGES_PER_AUTHOR_MAX,
  ALPN_MEMBER_1,
  ALPN_MEMBER_2,
  ATTRIBUTES_PER_AUTHOR_MAX,
  AUTHORS_MAX,
  COUNTER_FIRST_MAX,
  ExceededLimits,
  GHOSTS_MAX,
  type LimitName,
  type LinkProtocol,
  type LogFields,
  MEMBERSHIPS_TOLD_AT_ONCE_MAX,
  type MonotonicMs,
  OBSERVERS_MAX,
  PACKETS_WAITING_MAX,
  PATH_ANSWERS_AT_ONCE_MAX,
  PEER_EVENTS_WAITING_MAX,
  type PeerKey,
  peerKeyBytes,
  peerKeyFromBytes,
  PollenError,
  PUNCH_WORDS_AT_ONCE_MAX,
  PUNCHES_PER_IP_MAX,
  REDEMPTIONS_PENDING_MAX,
  type RelayPeer,
  RELAYS_PER_CARRIER_MAX,
  RELAYS_PER_MEMBER_MAX,
  type Session,
  silentLog,
  STANDBY_SESSIONS_MAX,
  type Stream,
  SUMMARIES_AT_ONCE_MAX,
  Tasks,
  UNRULED_STREAMS_WAITING_MAX,
  UNSIGNED_AUTHORS_MAX,
} from "../../../lib/types/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { NO_ENGINE_STATS } from "../../support/no_engine.ts";
import { accessible, authority, BOB, DIR, EVE, event, ME, service } from "../store/fixtures.ts";

/** How often each limit is exceeded. */
const BEYOND = 3;

function numbered(index: number): PeerKey {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, index + 1);
  return peerKeyFromBytes(bytes);
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const never = () => new Promise<never>(() => {});

/** A node's core that takes every signature for genuine, on a clock that stands. */
class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly lines: LogFields[] = [];
  readonly limits: ExceededLimits;
  readonly carriers = new Map<PeerKey, RelayPeer>();
  #store: Store | null = null;
  #core: NodeCore | null = null;

  constructor() {
    const warn = (_message: string, fields: LogFields = {}) => void this.lines.push(fields);
    this.limits = new ExceededLimits({ ...silentLog, warn }, this.clock);
  }

  async open(): Promise<void> {
    const trusting = {
      ...authority(),
      verifyEvent: () => true,
      verifyPage: () => true,
      isGenuine: () => true,
    };
    this.#store = await Store.load(new MemoryDisk(), DIR, ME, trusting, this.limits);
    this.#core = new NodeCore({
      local: ME,
      store: this.#store,
      bootstrapPeers: [],
      relayBytesPerSecond: 1_000_000,
      limits: this.limits,
      relayPeers: () => this.carriers,
    });
  }

  connect(peer: PeerKey, protocol: LinkProtocol): void {
    const address = { ip: "192.0.2.1", port: 60_611 };
    const connected = { kind: "connected", peer, address, inbound: false, protocol } as const;
    this.#core!.step(this.#now, { kind: "peerEvent", event: connected });
  }

  say(peer: PeerKey, body: NonNullable<Envelope["body"]>): void {
    this.#core!.step(this.#now, { kind: "packet", packet: { peer, envelope: { body } } });
  }

  frame(peer: PeerKey, body: NonNullable<Frame["body"]>): void {
    this.#core!.step(this.#now, { kind: "frame", packet: { peer, frame: { body } } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.limits.close();
    equal(this.clock.pending, 0);
    await this.#store?.close();
  }

  get #now(): MonotonicMs {
    return this.clock.monotonicNow();
  }
}

function certOf(peer: PeerKey): MembershipCert {
  const claims = MembershipCertClaims.create({ subjectPub: peerKeyBytes(peer) });
  return MembershipCert.create({ claims });
}

/** A session that brings these, and then nothing. */
function sessionOf(
  alpn: string,
  datagrams: readonly Uint8Array[] = [],
  streams: readonly Stream[] = [],
): Session {
  const [waiting, opened] = [[...datagrams], [...streams]];
  return {
    alpn,
    inbound: false,
    closed: never(),
    close() {},
    sendDatagram: () => "blocked",
    receiveDatagram: () => Promise.resolve(waiting.shift() ?? null),
    acceptStream: () => Promise.resolve(opened.shift() ?? null),
    openStream: never,
  } as unknown as Session;
}

function linksOf({ clock, limits }: World, session: Session): Links {
  const hello = { version: "test", capabilities: [] };
  return new Links({
    clock,
    log: silentLog,
    limits,
    hello,
    current: () => session,
    redemption() {},
  });
}

/** Every limit, and how it is exceeded three times. */
const ROWS: Partial<Record<LimitName, (world: World) => void | Promise<void>>> = {
  counter_jump(world) {
    const far = event(EVE, COUNTER_FIRST_MAX + 1n, accessible);
    for (const _ of upTo(BEYOND)) world.say(BOB, { kind: "events", value: { events: [far] } });
  },
  unsigned_authors(world) {
    const events = upTo(UNSIGNED_AUTHORS_MAX + BEYOND).map((index) =>
      event(numbered(index), 1n, accessible)
    );
    world.say(BOB, { kind: "events", value: { events } });
  },
  attributes(world) {
    const events = upTo(ATTRIBUTES_PER_AUTHOR_MAX + BEYOND).map((index) =>
      event(EVE, BigInt(index + 1), service(`s${index}`))
    );
    world.say(BOB, { kind: "events", value: { events } });
  },
  ghosts(world) {
    // Of this node's own things one is there already: who it is.
    const events = upTo(GHOSTS_MAX - 1 + BEYOND).map((index) =>
      event(ME, BigInt(index + 2), service(`s${index}`))
    );
    world.say(BOB, { kind: "events", value: { events } });
  },
  memberships(world) {
    const memberships = upTo(AUTHORS_MAX - 1 + BEYOND).map((index) => certOf(numbered(index)));
    world.frame(BOB, { kind: "records", value: { records: [], memberships, more: false } });
  },
  agent_pages(world) {
    const authors = upTo(AGENT_PAGES_MAX / AGENT_PAGES_PER_AUTHOR_MAX + 1).map(numbered);
    const memberships = authors.map(certOf);
    world.frame(BOB, { kind: "records", value: { records: [], memberships, more: false } });
    const pages = upTo(AGENT_PAGES_MAX + BEYOND).map((index) => ({
      page: AgentPage.encode(AgentPage.create({
        author: peerKeyBytes(authors[Math.floor(index / AGENT_PAGES_PER_AUTHOR_MAX)]!),
        page: index % AGENT_PAGES_PER_AUTHOR_MAX,
        counter: 1n,
      })),
      signature: new Uint8Array(64),
    }));
    world.frame(BOB, { kind: "agentPages", value: { pages, more: false } });
  },
  observers(world) {
    for (const index of upTo(OBSERVERS_MAX + BEYOND)) {
      world.say(numbered(index), { kind: "observedAddress", value: { addr: "8.8.8.8:99" } });
    }
  },
  summaries(world) {
    world.connect(BOB, ALPN_MEMBER_2);
    const summary = { kind: "summary", value: { positions: [] } } as const;
    for (const _ of upTo(SUMMARIES_AT_ONCE_MAX + BEYOND)) world.frame(BOB, summary);
  },
  agent_summaries(world) {
    world.connect(BOB, ALPN_MEMBER_2);
    const summary = { kind: "agentSummary", value: { authors: [] } } as const;
    for (const _ of upTo(SUMMARIES_AT_ONCE_MAX + BEYOND)) world.frame(BOB, summary);
  },
  punch_requests(world) {
    const value = { peerId: peerKeyBytes(EVE) };
    for (const _ of upTo(PUNCH_WORDS_AT_ONCE_MAX + BEYOND)) {
      world.say(BOB, { kind: "punchCoordRequest", value });
    }
  },
  punch_triggers(world) {
    const address = "8.8.8.8:99";
    const value = { peerId: peerKeyBytes(EVE), selfAddr: address, peerAddr: address };
    for (const _ of upTo(PUNCH_WORDS_AT_ONCE_MAX + BEYOND)) {
      world.say(BOB, { kind: "punchCoordTrigger", value });
    }
  },
  relay_requests(world) {
    const value = { peerId: peerKeyBytes(EVE) };
    for (const _ of upTo(RELAYS_PER_MEMBER_MAX + BEYOND)) {
      world.frame(BOB, { kind: "relayRequest", value });
    }
  },
  relays_carried(world) {
    const peers = [BOB, ...upTo(RELAYS_PER_MEMBER_MAX + BEYOND).map(numbered)];
    for (const peer of peers) world.carriers.set(peer, { rttMs: 1, carries: true });
    for (const [index, peer] of peers.slice(1).entries()) {
      if (index === RELAYS_PER_MEMBER_MAX) world.clock.advance(10_000);
      world.frame(BOB, { kind: "relayRequest", value: { peerId: peerKeyBytes(peer) } });
    }
  },
  relay_grants(world) {
    for (const flow of upTo(RELAYS_PER_CARRIER_MAX + BEYOND)) {
      const value = { peerId: peerKeyBytes(EVE), flow: flow + 1 };
      world.frame(BOB, { kind: "relayGrant", value });
    }
  },
  async punches({ clock, limits }) {
    const store = new SockStore({
      clock,
      limits,
      random: systemRandom,
      send() {},
      openSocket: never,
    });
    const end = new AbortController();
    const punch = () => store.punch({ ip: "192.0.2.1", port: 9 }, { signal: end.signal });
    const running = upTo(PUNCHES_PER_IP_MAX).map(punch);
    for (const _ of upTo(BEYOND)) await rejects(punch(), { code: "exhausted" });
    end.abort();
    await Promise.allSettled(running);
  },
  path_answers({ clock, limits }) {
    const home = { ip: "192.0.2.1", port: 9 };
    const choice = new PathChoice(clock.monotonicNow(), home, limits);
    for (const index of upTo(PATH_ANSWERS_AT_ONCE_MAX + BEYOND)) {
      choice.questioned(clock.monotonicNow(), home, BigInt(index + 1));
    }
  },
  standby_sessions({ limits, clock }) {
    const registry = new SessionRegistry(ME, limits);
    for (const id of upTo(1 + STANDBY_SESSIONS_MAX + BEYOND)) {
      const session = {
        id,
        alpn: ALPN_MEMBER_2,
        inbound: true,
        peerCertificate: Uint8Array.of(1),
      } as Session;
      const member: Member = { peer: BOB, session, addedAtMs: clock.monotonicNow() };
      registry.add(member);
    }
  },
  peer_events_waiting({ limits }) {
    const reports = new Reports({
      limits,
      pathOf: () => {
        throw new Error("nobody is asked for a path");
      },
      protocolOf: () => ALPN_MEMBER_2,
    });
    for (const _ of upTo(PEER_EVENTS_WAITING_MAX + BEYOND)) reports.silent(BOB);
  },
  async envelopes_waiting(world) {
    const bytes = Envelope.encode({ body: { kind: "events", value: { events: [] } } });
    const datagrams = upTo(PACKETS_WAITING_MAX + BEYOND).map(() => bytes);
    const session = sessionOf(ALPN_MEMBER_1, datagrams);
    await linksOf(world, session).serve(BOB, session);
  },
  async envelopes_unsent(world) {
    const session = sessionOf(ALPN_MEMBER_1);
    const links = linksOf(world, session);
    await links.serve(BOB, session);
    for (const _ of upTo(BEYOND)) {
      links.send(BOB, { body: { kind: "events", value: { events: [] } } });
    }
  },
  async unruled_streams_waiting(world) {
    const stream = { abort() {} } as unknown as Stream;
    const streams = upTo(UNRULED_STREAMS_WAITING_MAX + BEYOND).map(() => stream);
    const session = sessionOf(ALPN_MEMBER_1, [], streams);
    await linksOf(world, session).serve(BOB, session);
  },
  frames_unsent(world) {
    const session = sessionOf(ALPN_MEMBER_2);
    const links = linksOf(world, session);
    void links.serve(BOB, session);
    const frame: Frame = {
      body: { kind: "digest", value: { hash: new Uint8Array(200_000), agents: new Uint8Array(0) } },
    };
    for (const _ of upTo(10)) links.sendFrame(BOB, frame);
    const exhausted = (thrown: unknown) =>
      thrown instanceof PollenError && thrown.code === "exhausted";
    for (const _ of upTo(BEYOND)) throws(() => links.sendFrame(BOB, frame), exhausted);
    world.clock.advance(60_000);
  },
  redemptions_pending({ clock, limits }) {
    const redemptions = new Redemptions({
      clock,
      limits,
      log: silentLog,
      throttledLog: { warn() {} } as never,
      clusterId: new Uint8Array(32),
      redeemer: null,
      peersWith: () => [],
    });
    const stream = { read: never, abort() {} } as unknown as Stream;
    for (const _ of upTo(REDEMPTIONS_PENDING_MAX + BEYOND)) void redemptions.serve(BOB, stream);
    clock.advance(10_000);
  },
  memberships_told({ clock, limits }) {
    const membership = (notAfterUnix: bigint): MembershipCert => ({
      claims: MembershipCertClaims.create({ subjectPub: peerKeyBytes(BOB), notAfterUnix }),
      issuer: undefined,
      signature: new Uint8Array(0),
    });
    const renewals = new Renewals({
      local: ME,
      clock,
      limits,
      log: silentLog,
      memberships: { of: () => membership(1n), note() {} } as never,
      mesh: {} as never,
      store: {} as never,
      sender: {} as never,
      tasks: new Tasks(silentLog, ""),
      announce() {},
    });
    for (const _ of upTo(MEMBERSHIPS_TOLD_AT_ONCE_MAX + BEYOND)) {
      renewals.told(BOB, membership(2n));
    }
    // What says nothing new costs nothing, and is not counted.
    for (const _ of upTo(10)) renewals.told(BOB, membership(1n));
  },
  handshakes({ clock, limits }) {
    let attemptsRefused = 0;
    const rounds = new Rounds({
      clock,
      limits,
      log: silentLog,
      random: { uniform: () => 0.5 } as never,
      config: DEFAULT_CONFIG,
      tasks: new Tasks(silentLog, ""),
      loop: { step() {}, announceAgents() {} },
      addresses: { refresh() {}, refreshNames: () => Promise.resolve() },
      forwards: { live: () => new Set() },
      links: { look: () => null } as never,
      renewals: null,
      mesh: {
        carriedBytes: () => new Map(),
        engineStats: () => ({ ...NO_ENGINE_STATS, attemptsRefused, attemptsDropped: 1 }),
      } as never,
    });
    rounds.start();
    attemptsRefused = BEYOND - 1;
    clock.advance(60_000);
    // Nobody comes in the next minute.
    clock.advance(60_000);
    rounds.stop();
  },
};

for (const [name, exceed] of Object.entries(ROWS)) {
  Deno.test(`a limit that is exceeded is counted and logged once a minute: ${name}`, async () => {
    await using world = new World();
    await world.open();
    await exceed(world);
    deepEqual([...world.limits.totals()], [[name, BEYOND]]);
    world.clock.advance(60_000);
    const { lines } = world;
    equal(lines.length <= 2, true, `${lines.length} lines`);
    deepEqual(new Set(lines.map(({ limit }) => limit)), new Set([name]));
    equal(lines.reduce((sum, { count = 1 }) => sum + Number(count), 0), BEYOND);
    world.clock.advance(600_000);
    equal(lines.length <= 2, true);
  });
}
