// A mesh without a network, where the node's own timing is what matters: the test says who comes,
// and reads what was sent to whom.

import type { Envelope, Frame } from "../../../lib/proto/mod.ts";
import {
  BoundedQueue,
  type EngineNotice,
  type IncomingStream,
  type Mesh,
  type Packet,
  type PeerEvent,
  type PeerFrame,
  type PeerKey,
  PollenError,
  type PunchPart,
  type SocketAddress,
} from "../../../lib/types/mod.ts";
import { NO_ENGINE_STATS } from "../../support/no_engine.ts";
import { NO_RELAYS } from "../../support/no_relays.ts";

export interface Sent {
  readonly peer: PeerKey;
  readonly envelope: Envelope;
}

/** The parts of the queues and the list of what was sent are the test's to use. */
export function quietMesh(listenPort: number) {
  const packets = new BoundedQueue<Packet<Envelope>>(64);
  const frames = new BoundedQueue<PeerFrame<Frame>>(64);
  const events = new BoundedQueue<PeerEvent>(64);
  const notices = new BoundedQueue<EngineNotice>(64);
  const streams = new BoundedQueue<IncomingStream>(64);
  const sent: Sent[] = [];
  const punched: { readonly address: SocketAddress; readonly part: PunchPart }[] = [];
  const nobody = () => Promise.reject(new PollenError("unreachable", "there is no network"));
  const mesh: Mesh<Envelope, Frame> = {
    ...NO_RELAYS,
    listenPort,
    send: (peer, envelope) => void sent.push({ peer, envelope }),
    recv: () => packets.next(),
    sendFrame() {},
    recvFrame: () => frames.next(),
    peerLink: () => null,
    connect: nobody,
    punch: (address, { part = "equal" } = {}) => {
      punched.push({ address, part });
      return nobody();
    },
    nextPeerEvent: () => events.next(),
    nextNotice: () => notices.next(),
    engineStats: () => NO_ENGINE_STATS,
    connectedPeers: () => [],
    getActivePeerAddress: () => null,
    closePeerSession() {},
    recheckPeers() {},
    shakePaths() {},
    setBehindRouter() {},
    close: () => {
      for (const queue of [packets, frames, events, notices, streams]) queue.close();
      return Promise.resolve();
    },
    session: nobody,
    openStream: nobody,
    acceptStream: () => streams.next(),
    watch() {},
  };
  return { mesh, packets, events, sent, punched };
}
