// Asks for a token and exchanges it for a cookie that no script can read.

import { useState } from "preact/hooks";
import { type ApiError, signIn } from "./api.ts";

export function Login({ onDone }: { readonly onDone: () => void }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(token.trim());
      onDone();
    } catch (thrown) {
      setProblem((thrown as ApiError).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="login" onSubmit={(event) => void submit(event)}>
      <h2>Sign in</h2>
      <p>
        This registry asks for a token. <code>pollen registry token create --scope read</code>{" "}
        makes one.
      </p>
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="current-password"
        required
        value={token}
        onInput={({ currentTarget }) => setToken(currentTarget.value)}
      />
      {problem !== null && <p class="problem" role="alert">{problem}</p>}
      <button type="submit" disabled={isBusy}>Sign in</button>
    </form>
  );
}
