// What is said when redeeming an invite fails. Pure.

import { RedemptionFailure } from "../proto/mod.ts";
import { PollenError, type SocketAddress } from "../types/mod.ts";
import { isPublicIp } from "./addresses.ts";

/** Silence has several causes, all of them for a person to look at. */
export function unanswered(cause: PollenError, addresses: readonly SocketAddress[]): PollenError {
  const isLocal = addresses.every(({ ip }) => !isPublicIp(ip));
  return new PollenError("timeout", `No answer over UDP. ${cause.message}`, {
    fix: isLocal ? NEEDS_PUBLIC : MAYBE_BLOCKED,
    cause,
  });
}

const MAYBE_BLOCKED =
  "Check that pollen runs there and that its router lets the port in. If it does, UDP seems to be " +
  "blocked in the network here, without which pollen reaches nobody: let its firewall pass UDP, or " +
  "try from another network.";

const NEEDS_PUBLIC =
  "Check that pollen runs there. These addresses mean something in its own network alone: to join " +
  "from elsewhere, one machine of the network must be reachable from outside. Let a router forward " +
  "UDP to it, start it with --advertise HOST:PORT, and ask for a new invite. If it is reachable, " +
  "UDP seems to be blocked in the network here.";

/** A peer that knows pollen-invite/1 alone would see an invite that only its issuer is to see. */
export function inTheClear(): PollenError {
  return new PollenError(
    "unsupported",
    "A machine that the invite names wants to see the invite itself, which only its issuer may.",
    { fix: "Update pollen there, or ask for an invite that names other machines." },
  );
}

/** What was answered in the issuer's name is not the issuer's. */
export function foreignAnswer(): PollenError {
  return new PollenError(
    "unauthenticated",
    "A machine of the network gave an answer that does not come from who issued the invite.",
    { fix: "Ask for an invite that names other machines." },
  );
}

/** What the issuer said. */
export function refused(reason: string): PollenError {
  const fix = reason.startsWith("subject has been revoked")
    ? "This machine's key can never be a member again. Make a new one with `pollen purge --all`, then ask for an invite."
    : "Ask for a new invite.";
  return new PollenError("refused", asSentence(reason || "invite token rejected"), { fix });
}

/** The word of a machine that was reached and could not pass the request on. */
export function notPassedOn(failure: RedemptionFailure): PollenError {
  const reached = "A machine of the network was reached, but";
  switch (failure) {
    case RedemptionFailure.UNKNOWN_ISSUER:
      return new PollenError(
        "failed_precondition",
        `${reached} it has no connection with the one that issued the invite.`,
        { fix: "Start pollen on that one with `pollen up -d`, then try again." },
      );
    case RedemptionFailure.BUSY:
      return new PollenError("exhausted", `${reached} too many ask it to join at once.`, {
        fix: "Try again in a minute.",
      });
    case RedemptionFailure.UNANSWERED:
      return new PollenError(
        "failed_precondition",
        `${reached} the one that issued the invite does not answer it.`,
        { fix: "Check that pollen runs there, then try again." },
      );
    case RedemptionFailure.FOREIGN_NETWORK:
      return new PollenError(
        "identity_mismatch",
        "A machine was reached at an address of the invite, but it belongs to another network.",
        { fix: "Ask an administrator of the network that you want to join for an invite." },
      );
    default:
      return new PollenError(
        "failed_precondition",
        `${reached} who issued the invite can no longer read the request.`,
        { fix: "Ask for a new invite." },
      );
  }
}

/** The failure of two that tells a person more: a lost path says least. */
export function moreTelling(a: PollenError | null, b: PollenError): PollenError {
  const rank = ({ code }: PollenError) => {
    const paths = ["unreachable", "timeout"].indexOf(code);
    const verdicts = ["identity_mismatch", "unauthenticated", "refused", "cancelled"].indexOf(code);
    return paths >= 0 ? paths : 3 + verdicts;
  };
  return a === null || rank(b) >= rank(a) ? b : a;
}

/** What a peer said, as one printable sentence of bounded length. */
export function asSentence(reason: string): string {
  // deno-lint-ignore no-control-regex
  const text = reason.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim().slice(
    0,
    256,
  );
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
