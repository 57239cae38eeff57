// What the log says of a fault of the sockets: what it means for people, and what they can do.

import type { FaultKind } from "../types/mod.ts";

const TEXTS: Readonly<Record<FaultKind, string>> = {
  shortage: "the system is short of memory or room for packets; they are sent a little later",
  oversize: "a link became too narrow for our packets; they become smaller",
  denied: "this machine forbids sending packets; look at its firewall",
  refused: "a machine that we send to does not listen",
  no_route: "there is no way to a peer from this machine; is its network up?",
  segmentation: "the system does not send packets in batches; bulk is slower for a minute at least",
  broken: "the UDP socket broke; it is bound again",
  exhausted:
    "no file descriptor is left for a connection; raise the limit of open files (ulimit -n)",
  other: "the system refuses packets; they are sent again",
};

/** One sentence without its full stop, as log lines are. */
export function faultText(fault: FaultKind): string {
  return TEXTS[fault];
}
