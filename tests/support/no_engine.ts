// The figures of an engine where there is none.

import type { EngineStats } from "../../lib/types/mod.ts";

export const NO_ENGINE_STATS: EngineStats = {
  sessions: 0,
  streams: 0,
  bridges: 0,
  udpPacketsSent: 0,
  udpPacketsReceived: 0,
  udpBytesSent: 0,
  udpBytesReceived: 0,
  udpSendCalls: 0,
  udpReceiveCalls: 0,
  receiveBufferBytes: 0,
  sendBufferBytes: 0,
  turnCpuMsMax: 0,
  attemptsTaken: 0,
  attemptsRetried: 0,
  attemptsRefused: 0,
  attemptsDropped: 0,
  udpSegmentsMax: 1,
  udpCoalesces: false,
  udpRebinds: 0,
  extraSockets: 0,
  faults: {
    shortage: 0,
    oversize: 0,
    denied: 0,
    refused: 0,
    no_route: 0,
    segmentation: 0,
    broken: 0,
    exhausted: 0,
    other: 0,
  },
};
