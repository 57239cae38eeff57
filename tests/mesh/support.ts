// What the tests of the mesh share: a network with members, and meshes on the real engine. Wall
// clock time stands at the moment the network was founded; monotonic time and timers are real.

import { equal, match } from "node:assert/strict";
import type { IdentityKey, NodeCredentials } from "../../lib/auth/mod.ts";
import { systemClock, systemRandom } from "../../lib/host/mod.ts";
import { Mesh, type MeshOptions } from "../../lib/mesh/mod.ts";
import { Envelope, Frame } from "../../lib/proto/mod.ts";
import { openEngine } from "../../lib/quic/mod.ts";
import {
  BoundedQueue,
  type Clock,
  type Engine,
  type EngineNotice,
  type PeerEvent,
  type PeerKey,
  PollenError,
  type Protocol,
  readWay,
  type Session,
  silentLog,
  type SocketAddress,
} from "../../lib/types/mod.ts";
import { inTime, present } from "../quic/support.ts";
import { DAY_MS, makeNode, makeRoot, NOW, type Root } from "../unit/auth/fixtures.ts";

export { inTime, present };

/** Real timers; the wall clock stands where the fixtures' certificates are valid. */
export const clock: Clock = { ...systemClock, wallNow: () => NOW };

export const DIAL = { timeoutMs: 20_000 };

/** For `rejects`: a failure of this code whose text matches. */
export function failure(code: PollenError["code"], text: RegExp) {
  return (thrown: unknown) => {
    if (!(thrown instanceof PollenError)) throw thrown;
    equal(thrown.code, code, thrown.text);
    match(thrown.text, text);
    return true;
  };
}

export interface Member {
  readonly identity: IdentityKey;
  readonly credentials: NodeCredentials;
  readonly key: PeerKey;
}

/** One network and its root. */
export class TestNetwork {
  private constructor(readonly root: Root) {}

  static async found(seed = 1): Promise<TestNetwork> {
    return new TestNetwork(await makeRoot(seed));
  }

  /** The root's own node. */
  get founder(): Member {
    const { identity, credentials } = this.root;
    return { identity, credentials, key: identity.peerKey };
  }

  /** A member whose membership lasts so long from the fixtures' now on: a year, which is not due for renewal. */
  async member(seed: number, ttlMs = 365 * DAY_MS): Promise<Member> {
    const { identity } = await makeNode(seed);
    const cert = this.root.signer.issueMembership({ subject: identity.peerKey, ttlMs, now: NOW });
    const credentials = { trust: this.root.credentials.trust, cert };
    return { identity, credentials, key: identity.peerKey };
  }

  /** Two members, the one with the smaller key first. */
  async pair(): Promise<[Member, Member]> {
    const [one, two] = [await this.member(20), await this.member(21)];
    return one.key < two.key ? [one, two] : [two, one];
  }
}

export interface TestMeshOptions extends Partial<MeshOptions> {
  readonly isOld?: boolean;
  readonly isMuffled?: boolean;
  /** Nothing is dialled before. */
  readonly dialsAfter?: Promise<void>;
  /** No session is taken before. */
  readonly acceptsAfter?: Promise<void>;
}

/** A mesh of one process of a member, its engine, and every session that its engine saw. */
export class TestMesh implements AsyncDisposable {
  private constructor(
    readonly mesh: Mesh,
    readonly engine: Engine,
    readonly key: PeerKey,
    readonly sessions: SessionLog,
    /** What the engine says of itself; a test may put something in. */
    readonly notices: BoundedQueue<EngineNotice>,
  ) {}

  /**
   * `isOld`: it speaks pollen/1 and nothing newer, as the original does. `isMuffled`: its probes
   * reach others over the first of its extra sockets that sends one, and over no other.
   */
  static async open(
    member: Member,
    { isOld, isMuffled, dialsAfter, acceptsAfter, ...options }: TestMeshOptions = {},
  ): Promise<TestMesh> {
    const engine = await openEngine({ address: { ip: "127.0.0.1", port: 0 }, protocols: [] });
    const sessions = new SessionLog();
    const notices = new BoundedQueue<EngineNotice>(64);
    const changed = isOld ? speakingOnlyOld(engine) : isMuffled ? muffled(engine) : engine;
    const shown = waiting(changed, dialsAfter, acceptsAfter);
    const mesh = await Mesh.create({
      engine: recording(shown, sessions, notices),
      identity: member.identity,
      credentials: member.credentials,
      tlsIdentityTtlMs: DAY_MS,
      redeemer: null,
      clock,
      random: systemRandom,
      version: "test",
      log: silentLog,
      isRevoked: () => false,
      ...options,
    });
    return new TestMesh(mesh, engine, member.key, sessions, notices);
  }

  get address(): SocketAddress {
    return this.engine.localAddress;
  }

  connect(peer: TestMesh, addresses: readonly SocketAddress[] = [peer.address]): Promise<void> {
    return inTime(this.mesh.connect(peer.key, addresses, DIAL), "a connection");
  }

  async event(): Promise<PeerEvent> {
    return present(await inTime(this.mesh.nextPeerEvent(), "an event"));
  }

  /** Waits until the event log says that the peer came. */
  async connected(peer: TestMesh): Promise<Extract<PeerEvent, { kind: "connected" }>> {
    while (true) {
      const event = await this.event();
      if (event.kind === "connected" && event.peer === peer.key) return event;
    }
  }

  /** Waits until the event log says that the peer went. */
  async disconnected(peer: TestMesh): Promise<Extract<PeerEvent, { kind: "disconnected" }>> {
    while (true) {
      const event = await this.event();
      if (event.kind === "disconnected" && event.peer === peer.key) return event;
    }
  }

  /** Waits until nothing is left of any session that this end saw. */
  async untilAllEnded(): Promise<void> {
    for (const { closed } of this.sessions.all) await inTime(closed, "the end of a session");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.mesh.close("test over");
  }
}

/** The sessions that an engine handed out, in order. */
export class SessionLog {
  readonly all: Session[] = [];
  readonly #ended = new Set<Session>();
  #arrived = () => {};

  /** Those that have not ended. */
  get alive(): Session[] {
    return this.all.filter((session) => !this.#ended.has(session));
  }

  add(session: Session): void {
    this.all.push(session);
    void session.closed.then(() => this.#ended.add(session));
    this.#arrived();
  }

  /** Waits until there were so many. */
  async reach(count: number): Promise<void> {
    while (this.all.length < count) {
      await inTime(new Promise<void>((resolve) => this.#arrived = resolve), "a session");
    }
  }
}

/** The engine, noting down each session that it hands out. */
function recording(
  engine: Engine,
  sessions: SessionLog,
  notices: BoundedQueue<EngineNotice>,
): Engine {
  void (async () => {
    for (let notice; (notice = await engine.nextNotice()) !== null;) notices.push(notice);
    notices.close();
  })();
  return passingOn(engine, {
    async dial(address, options) {
      const session = await engine.dial(address, options);
      sessions.add(session);
      return session;
    },
    async accept() {
      const session = await engine.accept();
      if (session !== null) sessions.add(session);
      return session;
    },
    nextNotice: () => notices.next(),
  });
}

/** An engine as that of a node which knows the first version of each protocol alone. */
function speakingOnlyOld(engine: Engine): Engine {
  const isOld = ({ alpn }: Protocol) => alpn.endsWith("/1");
  return passingOn(engine, {
    setProtocols: (protocols) => engine.setProtocols(protocols.filter(isOld)),
    dial: (address, options) =>
      engine.dial(address, { ...options, alpn: options.alpn.replace("/2", "/1") }),
  });
}

/** An engine behind a router that lets probes of one extra socket out, and no others. */
function muffled(engine: Engine): Engine {
  let open: number | null = null;
  return passingOn(engine, {
    sendRaw(to, bytes) {
      const way = readWay(to);
      if (way?.kind === "socket" && (open ??= way.socket) === way.socket) engine.sendRaw(to, bytes);
    },
  });
}

/** An engine that waits for something before it dials or takes a session. */
function waiting(
  engine: Engine,
  dialsAfter?: Promise<void>,
  acceptsAfter?: Promise<void>,
): Engine {
  return passingOn(engine, {
    async dial(address, options) {
      await dialsAfter;
      return await engine.dial(address, options);
    },
    async accept() {
      const session = await engine.accept();
      await acceptsAfter;
      return session;
    },
  });
}

/** The engine with some of its doors replaced. */
function passingOn(engine: Engine, replaced: Partial<Engine>): Engine {
  return {
    localAddress: engine.localAddress,
    forwarder: engine.forwarder,
    flows: engine.flows,
    setProtocols: (protocols) => engine.setProtocols(protocols),
    dial: (address, options) => engine.dial(address, options),
    accept: () => engine.accept(),
    setGatekeeper: (decide) => engine.setGatekeeper(decide),
    sendRaw: (to, bytes) => engine.sendRaw(to, bytes),
    openSocket: () => engine.openSocket(),
    openRelay: (leg) => engine.openRelay(leg),
    carry: (a, b, limit) => engine.carry(a, b, limit),
    receiveRaw: () => engine.receiveRaw(),
    nextNotice: () => engine.nextNotice(),
    stats: () => engine.stats(),
    close: (reason) => engine.close(reason),
    [Symbol.asyncDispose]: () => engine.close(""),
    ...replaced,
  };
}

/** Two meshes with a session between them, dialled by the first. */
export async function connectedPair(
  [one, two]: readonly [Member, Member],
  options: TestMeshOptions = {},
): Promise<[TestMesh, TestMesh]> {
  const [a, b] = [await TestMesh.open(one, options), await TestMesh.open(two)];
  await a.connect(b);
  await a.connected(b);
  await b.connected(a);
  return [a, b];
}

/** An envelope that can be told from others by its number. */
export function numbered(value: bigint): Envelope {
  return Envelope.create({
    body: { kind: "clock", value: { counters: new Map([["a".repeat(64), value]]) } },
  });
}

/** The number of the next envelope. */
export async function nextNumber(at: TestMesh): Promise<bigint> {
  const { envelope } = present(await inTime(at.mesh.recv(), "an envelope"));
  if (envelope.body?.kind !== "clock") throw new Error(`not a number: ${envelope.body?.kind}`);
  return [...envelope.body.value.counters.values()][0]!;
}

/** A frame that is told apart from others by a text. */
export function saying(addr: string): Frame {
  return Frame.create({ body: { kind: "observedAddress", value: { addr } } });
}

/** The text of the next frame. */
export async function nextText(at: TestMesh): Promise<string> {
  const { frame } = present(await inTime(at.mesh.recvFrame(), "a frame"));
  if (frame.body?.kind !== "observedAddress") throw new Error(`not a text: ${frame.body?.kind}`);
  return frame.body.value.addr;
}
