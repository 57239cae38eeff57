// The serving side of tunnels: which local ports peers may reach, and the bridges that run to them.
//
// A served port is a rule in the engine, open to every admitted session, so that a stream need not
// wait for JavaScript. What comes here is what no rule matched: ports that are not served, and
// streams that were faster than the rule.

import {
  type Bridge,
  BRIDGES_PER_PORT_MAX,
  type Forwarder,
  type IncomingStream,
  type LinkProtocol,
  type Log,
  MEMBER_ALPNS,
  type PeerKey,
  type ServeRule,
  type Session,
  type Stream,
  StreamCode,
  type TcpTarget,
  tunnelHead,
  tunnelPort,
} from "../types/mod.ts";

/** What a served port of this machine is dialled at, in this order. */
const LOOPBACK = ["127.0.0.1", "::1"] as const;

export class ServedPorts {
  readonly #forwarder: Forwarder;
  readonly #log: Log;
  readonly #ports = new Map<number, ServedPort>();
  /** The sessions that were admitted and have not ended. */
  readonly #sessions = new Map<Session, PeerKey>();

  constructor(forwarder: Forwarder, log: Log) {
    this.#forwarder = forwarder;
    this.#log = log;
  }

  /** Lets peers reach the port. Nothing happens when they may already. */
  register(port: number): void {
    if (this.#ports.has(port)) return;
    const served = new ServedPort(this.#forwarder, this.#log, port, this.#sessions);
    this.#ports.set(port, served);
  }

  has(port: number): boolean {
    return this.#ports.has(port);
  }

  /** Shuts the port to peers and cuts the tunnels to it; false when it was not served. */
  unregister(port: number): boolean {
    this.#ports.get(port)?.close();
    return this.#ports.delete(port);
  }

  /** A session of a peer was admitted: it may reach every served port. */
  admit(peer: PeerKey, session: Session): void {
    this.#sessions.set(session, peer);
    void session.closed.then(() => this.#sessions.delete(session));
    for (const served of this.#ports.values()) served.allow(session);
  }

  /** Joins a peer's stream with the port that its head names, or resets it. */
  serve({ peer, stream }: IncomingStream): void {
    const port = tunnelPort(stream);
    const refuse = (code: number, reason: string) => {
      stream.abort(code);
      this.#log.warn("refused a tunnel", { peer, reason });
    };
    if (port === null) return refuse(StreamCode.badHead, "no service port in stream header");
    const served = this.#ports.get(port);
    if (served === undefined) return refuse(StreamCode.notServed, `port ${port} is not served`);
    if (served.isFull) return refuse(StreamCode.tooMany, TOO_MANY);
    served.serve(peer, stream);
  }

  /** Cuts every tunnel and serves nothing any more. */
  close(): void {
    for (const port of [...this.#ports.keys()]) this.unregister(port);
  }
}

const TOO_MANY = `${BRIDGES_PER_PORT_MAX} tunnels are open already`;

/** One served port: its rules, one for each protocol, and its tunnels. */
class ServedPort {
  readonly #forwarder: Forwarder;
  readonly #log: Log;
  readonly #port: number;
  readonly #targets: readonly TcpTarget[];
  readonly #rules: ReadonlyMap<string, ServeRule>;
  readonly #bridges = new Set<Bridge>();
  #isClosed = false;

  constructor(
    forwarder: Forwarder,
    log: Log,
    port: number,
    sessions: ReadonlyMap<Session, PeerKey>,
  ) {
    this.#forwarder = forwarder;
    this.#log = log;
    this.#port = port;
    this.#targets = LOOPBACK.map((ip) => ({ ip, port }));
    const ruleOf = (alpn: LinkProtocol) =>
      forwarder.serve(tunnelHead(alpn, port), this.#targets, {
        bridgesMax: BRIDGES_PER_PORT_MAX,
        began: (bridge, session) => this.#watch(bridge, sessions.get(session)),
        refused: (count) => log.warn("refused a tunnel", { port, count, reason: TOO_MANY }),
      });
    this.#rules = new Map(MEMBER_ALPNS.map((alpn) => [alpn, ruleOf(alpn)]));
    for (const session of sessions.keys()) this.allow(session);
  }

  get isFull(): boolean {
    return this.#bridges.size >= BRIDGES_PER_PORT_MAX;
  }

  allow(session: Session): void {
    this.#rules.get(session.alpn)?.allow(session);
  }

  serve(peer: PeerKey, stream: Stream): void {
    this.#watch(this.#forwarder.bridgeToTcp(stream, this.#targets), peer);
  }

  close(): void {
    this.#isClosed = true;
    for (const rule of this.#rules.values()) rule.withdraw();
    for (const bridge of this.#bridges) bridge.abort();
  }

  /** Keeps a tunnel while it is there; cuts it when the port was shut before it was heard of. */
  #watch(bridge: Bridge, peer = "unknown"): void {
    this.#bridges.add(bridge);
    if (this.#isClosed) bridge.abort();
    void bridge.ended.then((end) => {
      this.#bridges.delete(bridge);
      const { kind, errorCode, reason } = end;
      const port = this.#port;
      if (kind === "unreachable_target") {
        this.#log.warn("a served port does not answer", { peer, port, reason });
      } else {
        this.#log.debug("tunnel ended", { peer, port, kind, errorCode, reason });
      }
    });
  }
}
