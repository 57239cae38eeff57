// Why something cannot be read, where the page as a whole does not say it already: that the registry
// is away, or asks for a token, is said above everything.

import type { Reading } from "./hooks.ts";

const SAID_ABOVE = [0, 401];

export function Problem({ of: { problem, value } }: { readonly of: Reading<unknown> }) {
  if (problem === null || SAID_ABOVE.includes(problem.status)) return null;
  return (
    <p class="problem" role="alert">
      {problem.message} {value !== null && "What you see is what was known before."}
    </p>
  );
}
