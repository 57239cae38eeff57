// What the end of a session means, and what a peer is told of a refusal.

import { CLOSE_REASON_LENGTH_MAX, type DisconnectReason, type SessionEnd } from "../types/mod.ts";
import { CloseReason } from "./protocol.ts";

/** What a peer is told whose certificate was refused. */
export function refusalText(reason: string): string {
  return `${CloseReason.identityFailed}: ${reason}`.slice(0, CLOSE_REASON_LENGTH_MAX);
}

/** Why the peer is gone, as the retry delay wants to know it. */
export function reasonOf(end: SessionEnd): DisconnectReason {
  // Somebody who refuses our certificate will refuse it again in three seconds.
  if (end.reason === CloseReason.revoked || end.reason.startsWith(CloseReason.identityFailed)) {
    return "revoked";
  }
  switch (end.kind) {
    case "idle_timeout":
    case "stateless_reset":
      return end.kind;
    case "remote":
      return isChoice(end.reason) ? "duplicate" : "graceful";
    case "local":
      return "graceful";
    case "protocol_error":
      return "unknown";
  }
}

/** Whether the peer says that it prefers another session, which there is none of any more. */
function isChoice(reason: string): boolean {
  return reason === CloseReason.duplicate || reason === CloseReason.replaced;
}
