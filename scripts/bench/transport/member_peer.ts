// One end of handshakes between members, who verify each other's membership as a mesh does.
//
//   member_peer.ts ROOT_SEED      in hexadecimal, the same at both ends
//
// A first meeting takes two members who never met. They are told apart by the protocol: member
// number N speaks the protocol of that number.

import { AdminSigner, certifyAdmin } from "../../../lib/auth/admin_signer.ts";
import { publicKeyOf } from "../../../lib/auth/signature.ts";
import { trustOf } from "../../../lib/auth/trust.ts";
import { systemClock, systemRandom } from "../../../lib/host/mod.ts";
import { memberProtocols } from "../../../lib/mesh/mod.ts";
import { verifyMember, type VerifyOptions } from "../../../lib/mesh/verifier.ts";
import { openEngine } from "../../../lib/quic/mod.ts";
import {
  type Engine,
  peerKeyFromBytes,
  type Protocol,
  type Session,
  type SocketAddress,
} from "../../../lib/types/mod.ts";
import { type Calls, serveCalls } from "./calls.ts";

const DAY_MS = 86_400_000;
const SEED_BYTES = 32;
const AT_ONCE = 16;
/** The head of a stream, which is complete before anybody hears of the stream. */
const GREETING_BYTES = 2;

const seed = Uint8Array.fromHex(Deno.args[0]!);
const rootKey = { seed, publicKey: publicKeyOf(seed) };
const trust = trustOf(rootKey.publicKey);
const issuing = { now: systemClock.wallNow(), ttlMs: DAY_MS, random: systemRandom };
const issuer = certifyAdmin(rootKey, trust, rootKey.publicKey, issuing);
const signer = new AdminSigner(rootKey, trust, issuer, systemRandom);
let engine: Engine;

async function newMember(number: number): Promise<Protocol> {
  const memberSeed = systemRandom.bytes(SEED_BYTES);
  const publicKey = publicKeyOf(memberSeed);
  const identity = { seed: memberSeed, publicKey, peerKey: peerKeyFromBytes(publicKey) };
  const membership = signer.issueMembership({ subject: identity.peerKey, ...issuing });
  const options = { identity, tlsIdentityTtlMs: DAY_MS, clock: systemClock, random: systemRandom };
  const [, protocol] = await memberProtocols(options, membership);
  return { ...protocol!, alpn: `member-${number}` };
}

/** As a mesh does: who is no member is not let in. */
function admit(session: Session, credentials: VerifyOptions["credentials"]): void {
  verifyMember(session.peerCertificate, {
    credentials,
    now: systemClock.wallNow(),
    expected: null,
    isRevoked: () => false,
  });
  session.admit();
}

const credentials = {
  trust,
  cert: signer.issueMembership({ subject: peerKeyFromBytes(rootKey.publicKey), ...issuing }),
};

const calls = {
  /** Opens the engine with so many members. */
  async open(ip: string, members: number): Promise<SocketAddress> {
    const protocols: Protocol[] = [];
    for (let number = 0; number < members; number++) protocols.push(await newMember(number));
    engine = await openEngine({ address: { ip, port: 0 }, protocols });
    return engine.localAddress;
  },
  /** Tells each member who dials that it was let in. */
  serve(): void {
    void (async () => {
      for (let session; (session = await engine.accept()) !== null;) {
        admit(session, credentials);
        session.sendDatagram(Uint8Array.of(1));
      }
    })();
  },
  /** Each member dials its namesake once; seconds until all were let in. */
  async meet(address: SocketAddress, members: number): Promise<number> {
    const start = performance.now();
    let next = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (next < members) {
        const session = await engine.dial(address, { alpn: `member-${next++}`, timeoutMs: 10_000 });
        admit(session, credentials);
        if (await session.receiveDatagram() === null) throw new Error("a member was not let in");
        session.close("");
      }
    }));
    return (performance.now() - start) / 1000;
  },
  /** Tells each member who dials that it was let in by a stream, which losses only delay. */
  greet(): void {
    void (async () => {
      for (let session; (session = await engine.accept()) !== null;) {
        admit(session, credentials);
        void session.openStream().then((stream) => stream.write(new Uint8Array(GREETING_BYTES)))
          .catch(() => {});
      }
    })();
  },
  /** Each member dials its namesake once; seconds until it was greeted, null if not in time. */
  async meetEach(
    address: SocketAddress,
    members: number,
    { atOnce, timeoutMs }: { readonly atOnce: number; readonly timeoutMs: number },
  ): Promise<(number | null)[]> {
    const times: (number | null)[] = Array(members).fill(null);
    let next = 0;
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (next < members) {
        const number = next++;
        const start = performance.now();
        const session = await engine.dial(address, { alpn: `member-${number}`, timeoutMs })
          .catch(() => null);
        if (session === null) continue;
        admit(session, credentials);
        const overdue = setTimeout(
          () => session.close("overdue"),
          start + timeoutMs - performance.now(),
        );
        const greeting = await session.acceptStream();
        clearTimeout(overdue);
        if (greeting !== null) times[number] = (performance.now() - start) / 1000;
        session.close("");
      }
    }));
    return times;
  },
} satisfies Calls;

export type MemberCalls = typeof calls;

await serveCalls(calls);
