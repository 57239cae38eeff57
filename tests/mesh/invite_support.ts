// A node that redeems invites on the real engine, and strangers who ask it to.

import { type IdentityKey, InviteRedeemer, type OpenedRedemption } from "../../lib/auth/mod.ts";
import { loadAdminKey } from "../../lib/auth/admin_signer_files.ts";
import { signInviteToken } from "../../lib/auth/tokens.ts";
import { ConsumedInvites } from "../../lib/config/mod.ts";
import { systemRandom } from "../../lib/host/mod.ts";
import { type Redeemer, redeemInvite } from "../../lib/mesh/mod.ts";
import { ALPN_INVITE_1, inviteProtocols } from "../../lib/mesh/mod.ts";
import {
  Envelope,
  type InviteToken,
  type JoinToken,
  type SealedRedemption,
} from "../../lib/proto/mod.ts";
import { openEngine } from "../../lib/quic/mod.ts";
import {
  type Clock,
  type Engine,
  formatAddress,
  isIpLiteral,
  type PeerKey,
  peerKeyBytes,
  type Session,
  type SocketAddress,
  splitHostPort,
} from "../../lib/types/mod.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { DAY_MS, DIR, makeNode, NOW, type Root } from "../unit/auth/fixtures.ts";
import {
  clock,
  inTime,
  present,
  TestMesh,
  type TestMeshOptions,
  type TestNetwork,
} from "./support.ts";

/** Redeems with the root's key, keeps its notes in memory and counts how often it was asked. */
export class CountingRedeemer implements Redeemer {
  asked = 0;
  readonly #root: Root;
  readonly #redeemer: Promise<InviteRedeemer>;

  constructor(root: Root) {
    this.#root = root;
    this.#redeemer = ConsumedInvites.load(new MemoryDisk(), "/state", NOW)
      .then((consumed) => new InviteRedeemer(root.signer, consumed));
  }

  get issuerPub(): Uint8Array {
    return this.#root.signer.publicKey;
  }

  open(request: SealedRedemption): OpenedRedemption {
    return this.#root.signer.openRedemption(request);
  }

  async redeem(token: InviteToken, subject: PeerKey): Promise<JoinToken> {
    this.asked++;
    return (await this.#redeemer).redeem(token, subject, NOW);
  }
}

/** As the root's redeemer, but for what becomes of an invite. */
export function redeemingBy(root: Root, redeem: Redeemer["redeem"]): Redeemer {
  const { signer } = root;
  const open: Redeemer["open"] = (request) => signer.openRedemption(request);
  return { issuerPub: signer.publicKey, open, redeem };
}

/** The founder's node, redeeming. */
export function openServer(
  network: TestNetwork,
  options: TestMeshOptions = {},
): Promise<TestMesh> {
  return TestMesh.open(network.founder, {
    redeemer: new CountingRedeemer(network.root),
    ...options,
  });
}

/** Where an invite says that it can be redeemed. */
export interface Bootstrap {
  readonly key: PeerKey;
  readonly address: SocketAddress;
}

export function invite(root: Root, bootstrap: readonly Bootstrap[]): InviteToken {
  return root.signer.issueInvite({
    bootstrap: bootstrap.map(({ key, address }) => ({
      peerPub: peerKeyBytes(key),
      addrs: [formatAddress(address)],
    })),
    ttlMs: 300_000,
    now: NOW,
  });
}

/** The same as the original issues it: not for its issuer alone. */
export async function originalInvite(root: Root, token: InviteToken): Promise<InviteToken> {
  const key = present(await loadAdminKey(root.disk, DIR));
  return signInviteToken(key, { ...token.claims!, tokenId: crypto.randomUUID() });
}

/** Somebody who is no member, with an engine to dial from. */
export class Stranger implements AsyncDisposable {
  private constructor(readonly identity: IdentityKey, readonly engine: Engine) {}

  static async open(seed: number): Promise<Stranger> {
    const { identity } = await makeNode(seed);
    const protocols = await inviteProtocols(
      { identity, tlsIdentityTtlMs: DAY_MS, clock, random: systemRandom },
      { serve: "none" },
    );
    const address = { ip: "127.0.0.1", port: 0 };
    return new Stranger(identity, await openEngine({ address, protocols }));
  }

  redeem(token: InviteToken, options: { clock?: Clock; signal?: AbortSignal } = {}) {
    const deps = {
      engine: this.engine,
      identity: this.identity,
      clock: options.clock ?? clock,
      random: systemRandom,
      resolve: (texts: readonly string[]) =>
        Promise.resolve(
          texts.map(splitHostPort)
            .map(({ host, port }) => ({ ip: host, port }))
            .filter(({ ip }) => isIpLiteral(ip)),
        ),
    };
    return inTime(redeemInvite(deps, token, options.signal), "an answer to the invite");
  }

  /** A bare session on which it says what it likes. */
  async dial(server: TestMesh): Promise<Session> {
    const session = await this.engine.dial(server.address, {
      alpn: ALPN_INVITE_1,
      timeoutMs: 5_000,
    });
    session.admit();
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close("test over");
  }
}

/** An invite as the bytes of a request. */
export function requestBytes(token: InviteToken, identity: IdentityKey): Uint8Array {
  const value = { token, subjectPub: identity.publicKey };
  return Envelope.encode({ body: { kind: "inviteRedeemRequest", value } });
}

/** The next answer on a session. */
export async function nextAnswer(session: Session) {
  const bytes = present(await inTime(session.receiveDatagram(), "an answer"));
  const { body } = Envelope.decode(bytes);
  if (body?.kind !== "inviteRedeemResponse") throw new Error(`not an answer: ${body?.kind}`);
  return body.value;
}

/**
 * Whether the datagram may carry an envelope of an invite's exchange. QUIC hides what a packet
 * carries, but not its form and length, and that tells enough: sent after the handshake (RFC 9000,
 * section 17.3), larger than acknowledgements and smaller than probes for a larger MTU.
 */
export function mayCarryInvite(datagram: Uint8Array): boolean {
  return datagram.length < 1_200 && afterHandshake(datagram).length > 400;
}

/** What follows the handshake's packets in a datagram: these are repeated when late (RFC 9000, 12.2). */
function afterHandshake(datagram: Uint8Array): Uint8Array {
  let rest = datagram;
  while (rest.length > 0 && (rest[0]! & 0x80) !== 0) {
    const isInitial = (rest[0]! >> 4 & 3) === 0;
    let at = 5;
    for (let id = 0; id < 2; id++) at += 1 + rest[at]!;
    if (isInitial) at = skip(rest, at);
    rest = rest.subarray(skip(rest, at));
  }
  return rest;
}

/** The place after the length at `at` and the bytes that it counts (RFC 9000, section 16). */
function skip(bytes: Uint8Array, at: number): number {
  const size = 1 << (bytes[at]! >> 6);
  let length = bytes[at]! & 0x3f;
  for (const byte of bytes.subarray(at + 1, at + size)) length = length * 256 + byte;
  return at + size + length;
}
