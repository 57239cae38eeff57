// What the interoperability tests share: our engine at one end of a session, quiche at the other.
// Each test that is given a pair runs twice, with quiche as the client and as the server.

import type { Engine, Session, SocketAddress } from "../../lib/types/mod.ts";
import {
  QUICHE_UNAVAILABLE,
  type QuicheConnection,
  QuicheEndpoint,
  type QuicheOptions,
} from "../../scripts/support/quiche/mod.ts";
import { Relay } from "../support/relay.ts";
import { ALPN, inTime, newIdentity, openTestEngine, present, protocol } from "../quic/support.ts";

/** What quiche is in a session. */
export type Role = "client" | "server";

/** A session between our engine and quiche, admitted, its handshake complete at both ends. */
export interface InteropPair extends AsyncDisposable {
  readonly role: Role;
  readonly engine: Engine;
  readonly endpoint: QuicheEndpoint;
  /** What lies between the two. */
  readonly relay: Relay;
  /** Our end. */
  readonly ours: Session;
  /** quiche's end. */
  readonly theirs: QuicheConnection;
}

/** A test that needs quiche; left out where there is none. */
export function interopTest(name: string, fn: () => Promise<void>): void {
  const isLeftOut = QUICHE_UNAVAILABLE !== null;
  Deno.test({ name: isLeftOut ? `${name} (${QUICHE_UNAVAILABLE})` : name, ignore: isLeftOut, fn });
}

/** A test of a session, in both roles. */
export function sessionTest(
  name: string,
  body: (pair: InteropPair) => Promise<void>,
  options: Partial<QuicheOptions> = {},
): void {
  for (const role of ["client", "server"] as const) {
    interopTest(`${name} (quiche is the ${role})`, async () => {
      await using pair = await openInteropPair(role, options);
      await body(pair);
    });
  }
}

/** An engine whose streams have no head. */
export function openInteropEngine(): Promise<Engine> {
  return openTestEngine([protocol({ headBytes: 0 })]);
}

export function openQuiche(options: Partial<QuicheOptions> = {}): Promise<QuicheEndpoint> {
  return QuicheEndpoint.open({
    identity: newIdentity("quiche"),
    alpns: [ALPN],
    serve: true,
    ...options,
  });
}

export function dial(engine: Engine, to: SocketAddress): Promise<Session> {
  return engine.dial(to, { alpn: ALPN, timeoutMs: 20_000 });
}

async function openInteropPair(
  role: Role,
  options: Partial<QuicheOptions>,
): Promise<InteropPair> {
  const engine = await openInteropEngine();
  const endpoint = await openQuiche(options);
  const relay = await Relay.open(role === "client" ? engine.localAddress : endpoint.address);
  const { ours, theirs } = await join(role, engine, endpoint, relay.address);
  ours.admit();
  return {
    role,
    engine,
    endpoint,
    relay,
    ours,
    theirs,
    async [Symbol.asyncDispose]() {
      await endpoint[Symbol.asyncDispose]();
      await engine.close("test over");
      await relay[Symbol.asyncDispose]();
    },
  };
}

/** Has the one dial the other; our end is not admitted yet. */
export async function join(
  role: Role,
  engine: Engine,
  endpoint: QuicheEndpoint,
  to: SocketAddress,
): Promise<{ ours: Session; theirs: QuicheConnection }> {
  if (role === "client") {
    const theirs = endpoint.connect(to);
    const ours = present(await inTime(engine.accept(), "a session"));
    await inTime(theirs.established, "quiche's handshake");
    return { ours, theirs };
  }
  const [ours, theirs] = await Promise.all([
    dial(engine, to),
    inTime(endpoint.accept(), "a connection").then(present),
  ]);
  await inTime(theirs.established, "quiche's handshake");
  return { ours, theirs };
}
