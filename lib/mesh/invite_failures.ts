// What is said when redeeming an invite fails. Pure.

import { PollenError } from "../types/mod.ts";

/** Silence has several causes, all of them for a person to look at. */
export function unanswered(cause: PollenError): PollenError {
  return new PollenError("timeout", `No answer over UDP. ${cause.message}`, {
    fix:
      "Check that pollen runs there and that its router lets the port in. The network here may " +
      "block UDP, without which pollen reaches nobody: try from another one.",
    cause,
  });
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
