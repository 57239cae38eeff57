// The protocols between two members, as far as more than one room needs them: their names, and what
// the streams on them begin with.
//
//   pollen/1   a tunnel's stream begins with its port: two bytes, big-endian
//   pollen/2   every stream begins with its kind and an argument: one byte and two, big-endian

import { isPort } from "./address.ts";
import type { Stream } from "./stream.ts";

/** ALPN of the link between two members, as the original speaks it. */
export const ALPN_MEMBER_1 = "pollen/1";

/** ALPN of the link between two members that both know more. */
export const ALPN_MEMBER_2 = "pollen/2";

/** The protocols between members, the preferred one first. */
export const MEMBER_ALPNS = [ALPN_MEMBER_2, ALPN_MEMBER_1] as const;

/** Which of the protocols a link speaks. */
export type LinkProtocol = (typeof MEMBER_ALPNS)[number];

/** What a peer of pollen/2 may say in its hello that it does. */
export const Capability = {
  /** It passes sealed requests to redeem an invite on to who issued it. */
  forwardInvites: "forward-invites",
  /** It understands the frames about relays, and takes part in them as an end. */
  relay: "relay",
  /** It carries packets for others. */
  carry: "carry",
} as const;

/** The capability of a node that redeems what an administrator with this key has issued. */
export function redeemingFor(issuerPub: Uint8Array): string {
  return `redeem:${issuerPub.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** Bytes that each stream of a peer begins with. */
export const STREAM_HEAD_BYTES: Readonly<Record<LinkProtocol, number>> = {
  [ALPN_MEMBER_1]: 2,
  [ALPN_MEMBER_2]: 3,
};

/** What a stream of pollen/2 is for. */
export const StreamKind = {
  /** Carries a TCP connection; the argument is the service's port. */
  tunnel: 1,
  /** Carries the frames of its session, which has one such stream; the argument is 0. */
  control: 2,
  /** Carries one sealed request to redeem an invite, and its answer; the argument is 0. */
  redemption: 3,
} as const;

/** The head of a stream of pollen/2. */
export function streamHead(kind: number, argument: number): Uint8Array {
  return Uint8Array.of(kind, argument >> 8, argument & 0xff);
}

/** The kind of a stream of pollen/2; null when it ended within its head. */
export function streamKind({ head }: Stream): number | null {
  return head.length === STREAM_HEAD_BYTES[ALPN_MEMBER_2] ? head[0]! : null;
}

/** The head of a tunnel to this port. */
export function tunnelHead(alpn: string, port: number): Uint8Array {
  const head = streamHead(StreamKind.tunnel, port);
  return alpn === ALPN_MEMBER_2 ? head : head.subarray(1);
}

/** The port that the head of a tunnel names; null when it names none. */
export function tunnelPort({ session, head }: Stream): number | null {
  const argument = session.alpn === ALPN_MEMBER_2 ? head.subarray(1) : head;
  const [high, low] = argument;
  if (high === undefined || low === undefined) return null;
  const port = high << 8 | low;
  return isPort(port) ? port : null;
}
