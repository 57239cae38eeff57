// Who may speak with whom: certificates, protocols, Retry and version negotiation with quiche.

import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { TlsIdentity } from "../../lib/types/mod.ts";
import { quiche, type QuicheEnd, type QuicheHeader } from "../../scripts/support/quiche/mod.ts";
import { ALPN, inTime, newIdentity, openTestEngine, present, protocol } from "../quic/support.ts";
import { Relay } from "../support/relay.ts";
import { dial, interopTest, join, openInteropEngine, openQuiche } from "./support.ts";

/** CRYPTO_ERROR and the TLS alert (RFC 9001, section 4.8; RFC 8446, section 6). */
const CERTIFICATE_REQUIRED = 0x100 + 116;
const NO_APPLICATION_PROTOCOL = 0x100 + 120;
/** A version of the pattern that is reserved to exercise negotiation (RFC 9000, section 15). */
const RESERVED_VERSION = 0x1a2a3a4a;

for (const role of ["client", "server"] as const) {
  interopTest(`each end sees the other's certificate (quiche is the ${role})`, async () => {
    const [ourIdentity, theirIdentity] = [newIdentity("ours"), newIdentity("theirs")];
    await using engine = await openTestEngine([
      protocol({ identity: ourIdentity }),
      protocol({ alpn: "other/1" }),
    ]);
    await using endpoint = await openQuiche({ identity: theirIdentity, alpns: ["none/1", ALPN] });
    const to = role === "client" ? engine.localAddress : endpoint.address;
    const { ours, theirs } = await join(role, engine, endpoint, to);
    deepEqual(ours.peerCertificate, theirIdentity.certificate);
    deepEqual(Uint8Array.from(present(theirs.peerCertificate)), ourIdentity.certificate);
    deepEqual([ours.alpn, theirs.alpn], [ALPN, ALPN]);
    deepEqual(ours.remoteAddress, endpoint.address);
    equal(ours.inbound, role === "client");
  });
}

interopTest("quiche with a protocol that we do not serve is told so", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche({ alpns: ["none/1"] });
  const theirs = endpoint.connect(engine.localAddress);
  await rejects(inTime(theirs.established, "an answer"));
  const { kind, isApp, errorCode } = await theirs.closed;
  deepEqual({ kind, isApp, errorCode }, {
    kind: "remote",
    isApp: false,
    errorCode: NO_APPLICATION_PROTOCOL,
  });
});

interopTest("a protocol that quiche does not serve is refused", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche({ alpns: ["none/1"] });
  await rejects(dial(engine, endpoint.address), { code: "refused" });
});

interopTest("quiche without a certificate is told that one is required", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche({ identity: null });
  const theirs = endpoint.connect(engine.localAddress);
  const { kind, isApp, errorCode } = await inTime(theirs.closed, "the end");
  deepEqual({ kind, isApp, errorCode }, {
    kind: "remote",
    isApp: false,
    errorCode: CERTIFICATE_REQUIRED,
  });
});

interopTest("quiche with a key other than Ed25519 gets no session, whoever dials", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche({ identity: await newEcdsaIdentity() });
  // quiche is told which signatures count, can make none of them, and gives up by itself.
  const theirs = endpoint.connect(engine.localAddress);
  await rejects(inTime(theirs.established, "an answer"));
  assertAlert(await theirs.closed);
  await rejects(dial(engine, endpoint.address), { code: "unauthenticated" });
});

interopTest("a certificate that quiche refuses ends our dial", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche({ acceptsAnyPeer: false });
  // TLS tells the client that it succeeded before the server has seen its certificate.
  const outcome = await dial(engine, endpoint.address).catch((error: Error) => error);
  if (outcome instanceof Error) match(outcome.message, /refused/);
  else equal((await inTime(outcome.closed, "the end")).kind, "protocol_error");
});

interopTest("a certificate of ours that quiche, dialling us, refuses", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche({ acceptsAnyPeer: false });
  const theirs = endpoint.connect(engine.localAddress);
  await rejects(inTime(theirs.established, "an answer"));
  assertAlert(await theirs.closed);
  // The next one that we accept is another's.
  await using other = await openQuiche();
  const { ours } = await join("client", engine, other, engine.localAddress);
  deepEqual(ours.remoteAddress, other.address);
});

interopTest("a member that we do not admit hears why", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche();
  const { ours, theirs } = await join("client", engine, endpoint, engine.localAddress);
  ours.close("not a member", 7);
  deepEqual(await inTime(theirs.closed, "the end"), {
    kind: "remote",
    isApp: true,
    errorCode: 7,
    reason: "not a member",
  });
});

interopTest("our dial survives a Retry of quiche", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche({ retry: true });
  await using relay = await Relay.open(endpoint.address);
  let tokens = 0;
  relay.carry = (packet, direction) => {
    if (direction === "toServer" && (headerOf(packet)?.token?.length ?? 0) > 0) tokens++;
    return [packet];
  };
  const { ours, theirs } = await join("server", engine, endpoint, relay.address);
  ours.admit();
  const stream = await ours.openStream();
  await stream.write(Uint8Array.of(1));
  deepEqual(
    await present(await inTime(theirs.acceptStream(), "a stream")).read(),
    Uint8Array.of(1),
  );
  ok(tokens > 0, "the Retry came, and its token went back");
});

interopTest("quiche survives our Retry", async () => {
  await using engine = await openInteropEngine();
  engine.setGatekeeper(({ isAddressProved }) => isAddressProved ? "take" : "retry");
  await using endpoint = await openQuiche();
  const { ours, theirs } = await join("client", engine, endpoint, engine.localAddress);
  ours.admit();
  const stream = await theirs.openStream();
  await stream.write(Uint8Array.of(1));
  deepEqual(await present(await inTime(ours.acceptStream(), "a stream")).read(), Uint8Array.of(1));
  const { attemptsRetried, attemptsTaken } = engine.stats();
  deepEqual({ attemptsRetried, attemptsTaken }, { attemptsRetried: 1, attemptsTaken: 1 });
});

interopTest("an unknown version is answered by one that quiche knows", async () => {
  await using engine = await openInteropEngine();
  await using endpoint = await openQuiche();
  await using relay = await Relay.open(engine.localAddress);
  let isFirst = true;
  const offered: number[] = [];
  relay.carry = (packet, direction) => {
    if (direction === "toServer" && isFirst) {
      isFirst = false;
      new DataView(packet.buffer, packet.byteOffset).setUint32(1, RESERVED_VERSION);
    }
    const header = direction === "toClient" ? headerOf(packet) : null;
    if (header?.ty === quiche().Type.VersionNegotiation) offered.push(...header.versions ?? []);
    return [packet];
  };
  // quiche ignores an answer that offers what it asked for, and asks again; then nothing is changed.
  await join("client", engine, endpoint, relay.address);
  ok(offered.some((version) => quiche().versionIsSupported(version)), `offered: ${offered}`);
  ok(!offered.includes(RESERVED_VERSION));
});

function assertAlert({ isApp, errorCode }: QuicheEnd): void {
  ok(!isApp && errorCode >= 0x100 && errorCode < 0x200, `a TLS alert, not ${errorCode}`);
}

function headerOf(packet: Uint8Array): QuicheHeader | null {
  const isLong = (packet[0]! & 0x80) !== 0;
  return isLong ? quiche().Header.fromSlice(packet, 0) : null;
}

/** A certificate and key that TLS allows and we do not. */
async function newEcdsaIdentity(): Promise<TlsIdentity> {
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  const generate = x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=ecdsa",
    signingAlgorithm,
    keys,
  });
  return {
    certificate: new Uint8Array((await generate).rawData),
    privateKey: new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
}
