// What the end of a tunnel means, as a person wants to read it.

import { type BridgeEnd, StreamCode } from "../types/mod.ts";

/** The end of a forward's tunnel, seen from the side of the program that connected. */
export function describeEnd(end: BridgeEnd, remotePort: number): string {
  const detail = end.reason === "" ? "" : `: ${end.reason}`;
  switch (end.kind) {
    case "finished":
      return "it ended";
    case "aborted":
      return "it was cut";
    case "tcp_reset":
      return `the local program reset the connection${detail}`;
    case "stream_reset":
      return `${describeReset(end.errorCode, remotePort)}${detail}`;
    case "session_closed":
      return `session lost${detail}`;
    case "unreachable_target":
      return `the service does not answer${detail}`;
    case "too_many":
      return "this node has as many tunnels as it may";
  }
}

/** What the provider says by an error code. */
function describeReset(errorCode: number, remotePort: number): string {
  switch (errorCode) {
    case StreamCode.unspecified:
      return "the provider refused or reset it";
    case StreamCode.notServed:
      return `the provider does not serve port ${remotePort}`;
    case StreamCode.noAnswer:
      return "the service does not answer at the provider";
    case StreamCode.cut:
      return "the provider cut the tunnel";
    case StreamCode.tcpReset:
      return "the service reset the connection";
    case StreamCode.tooMany:
      return "the provider has as many tunnels as it may";
    default:
      return `the provider reset it with error code ${errorCode}`;
  }
}
