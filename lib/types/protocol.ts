// What an engine speaks and shows, and how it dials with it.

/** What this node shows in a TLS handshake for one ALPN protocol. */
export interface TlsIdentity {
  /** The self-signed Ed25519 certificate, DER. */
  readonly certificate: Uint8Array;
  /** Its private key, PKCS #8 DER. */
  readonly privateKey: Uint8Array;
}

/** One application protocol that the engine speaks. */
export interface Protocol {
  /**
   * The ALPN name, 1…255 ASCII characters. Of the protocols that somebody offers who dials us, the
   * first in the order given to `setProtocols` is spoken.
   */
  readonly alpn: string;
  /**
   * The ALPN name of another one of the protocols, offered behind this one when we dial, for those
   * who do not speak this one. Both show this identity. `Session.alpn` says which is spoken.
   */
  readonly fallback?: string;
  /** Shown when we dial with this protocol and, if `serve`, when we are dialled. */
  readonly identity: TlsIdentity;
  /** Whether to answer those who dial us with it. */
  readonly serve: boolean;
  /**
   * Bytes at the head of each incoming stream that the engine gathers before it reports the stream
   * (0…64). They arrive as `Stream.head` and are no longer part of what `read` gives.
   */
  readonly headBytes: number;
  /**
   * Whether the paths of its sessions are moved by `Session.setPath` alone: QUIC sees one address
   * for good, and packets are taken from wherever they come. Default false: QUIC migrates by its own
   * rules (RFC 9000, section 9).
   */
  readonly movesPaths?: boolean;
  /**
   * Whether the datagrams of its sessions are packets of flows, which the engine moves itself: none
   * comes by `receiveDatagram`. Default false.
   */
  readonly carriesFlows?: boolean;
}

/** How to dial. */
export interface DialOptions {
  /** One of the protocols given to `setProtocols`. */
  readonly alpn: string;
  /** Milliseconds allowed for the handshake, 1…60 000. */
  readonly timeoutMs: number;
  /** Gives the dial up, with `cancelled`. */
  readonly signal?: AbortSignal;
}
