// The port behind which tunnels move: a Forwarder with its TCP listeners, bridges between TCP and an
// engine's streams, and the rules by which bridges begin without asking. Bytes of a bridge never come
// up here.

import type { SocketAddress } from "./address.ts";
import type { Session } from "./session.ts";
import type { Stream } from "./stream.ts";

/** A TCP target of this machine or its network. */
export interface TcpTarget {
  /** An IP literal. */
  readonly ip: string;
  /** 1…65535. */
  readonly port: number;
}

/** Moves bytes between TCP and streams, with half-close, reset and back-pressure kept on both sides. */
export interface Forwarder {
  /**
   * Listens for TCP.
   *
   * @throws {PollenError} `already_exists` when the port is taken, `permission_denied`, `io`.
   */
  listen(address: SocketAddress): Promise<TcpListener>;

  /**
   * Opens a stream on the session, writes `head` as its first bytes and joins it with the TCP
   * connection, which must not have been used before.
   */
  bridgeToSession(connection: TcpConnection, session: Session, head: Uint8Array): Bridge;

  /**
   * Joins the stream with a TCP connection to the first of the targets that accepts, tried in order
   * (5 s each). The stream belongs to the bridge from now on. Bytes that were read from it before are lost to
   * the bridge: hand it over untouched but for its head.
   */
  bridgeToTcp(stream: Stream, targets: readonly TcpTarget[]): Bridge;

  /**
   * From now on bridges the connections of the listener to the session as `bridgeToSession` does,
   * without asking. A listener has one route; a new one takes the place of the old. Where the
   * session has ended, `accept` gives the connections as without a route.
   */
  route(listener: TcpListener, session: Session, head: Uint8Array, owner: RuleOwner): Rule;

  /**
   * From now on bridges the streams with this head, on the sessions that `allow` names, as
   * `bridgeToTcp` does, without asking. All other streams come by `acceptStream`, and so do those
   * that arrived before.
   */
  serve(head: Uint8Array, targets: readonly TcpTarget[], owner: RuleOwner): ServeRule;
}

/** Who made a rule, and hears what it does. */
export interface RuleOwner {
  /** The most bridges by this rule at the same time; beyond them the engine refuses. */
  readonly bridgesMax: number;
  /** A bridge began by the rule. It may be over already. */
  began(bridge: Bridge, session: Session): void;
  /** So many connections or streams were refused since the last call, for want of `bridgesMax`. */
  refused(count: number): void;
}

/**
 * An answer that the engine gives by itself, also while JavaScript is busy. What rests on a session
 * ends with it. While what the engine has to tell exceeds 4 MiB, it asks instead.
 */
export interface Rule {
  /**
   * Takes the rule back. Bridges that began by it before go on, and `began` is still told of them.
   * Idempotent.
   */
  withdraw(): void;
}

/** A rule for the streams of peers. */
export interface ServeRule extends Rule {
  /** Opens it to a session, which was admitted; nothing happens when it has ended. */
  allow(session: Session): void;
}

/** A TCP listener. */
export interface TcpListener {
  /** The bound address; the port is the real one also when 0 was asked for. */
  readonly address: SocketAddress;
  /** The next connection, accepted and unread; null once the listener is closed. At most 1024 wait, further ones are reset. */
  accept(): Promise<TcpConnection | null>;
  /** Stops listening and resets connections that were not taken yet. Bridges go on. Idempotent. */
  close(): void;
}

/** A TCP connection that was accepted and not yet bridged. */
export interface TcpConnection {
  /** Where it comes from. */
  readonly remoteAddress: SocketAddress;
  /** Resets it (TCP RST). Idempotent; nothing happens once it is bridged. */
  reset(): void;
}

/** Why a bridge ended. */
export type BridgeEndKind =
  /** Both directions ended cleanly. */
  | "finished"
  /** The TCP side was reset or failed. */
  | "tcp_reset"
  /** The peer reset the stream or stopped reading it, as `errorCode` says, or allowed none within 10 s. */
  | "stream_reset"
  /** The session ended. */
  | "session_closed"
  /** No TCP target accepted. */
  | "unreachable_target"
  /** `abort` was called, or the engine closed. */
  | "aborted"
  /** The engine has as many bridges as it may. */
  | "too_many";

/**
 * The error codes with which the two ends of a tunnel tell each other why its stream was reset. The
 * engine sends `noAnswer`, `cut`, `tcpReset` and `tooMany` by itself. Other implementations send 0
 * or anything: a code is for people to read and decides nothing.
 */
export const StreamCode = {
  /** No reason given. */
  unspecified: 0,
  /** The port in the head is not served. */
  notServed: 1,
  /** No TCP target accepts. */
  noAnswer: 2,
  /** Whoever is in charge cut the tunnel. */
  cut: 3,
  /** The TCP connection at that end was reset or failed. */
  tcpReset: 4,
  /** There are as many tunnels as there may be. */
  tooMany: 5,
  /** The head names no port, or a kind of stream that is not known or expected. */
  badHead: 6,
} as const;

/** How a bridge ended, and what it had carried. */
export interface BridgeEnd {
  /** Who or what ended it. */
  readonly kind: BridgeEndKind;
  /** The error code of a `stream_reset`, see `StreamCode`; 0 otherwise. */
  readonly errorCode: number;
  /** Bytes that went from TCP to the stream, head excluded. */
  readonly bytesToStream: number;
  /** Bytes that went from the stream to TCP, head excluded. */
  readonly bytesToTcp: number;
  /** What the operating system or the peer said, at most 256 characters, safe to print; may be empty. */
  readonly reason: string;
}

/**
 * A TCP connection joined with a stream. Every end that is not `finished` is a reset on the TCP side (never a
 * clean close) and a reset plus stop on the stream side.
 */
export interface Bridge {
  /** Resolves when both sides are freed; never rejects. */
  readonly ended: Promise<BridgeEnd>;
  /** Ends both sides at once. Idempotent. */
  abort(): void;
}
