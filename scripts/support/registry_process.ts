// A `pollen registry` as a process of its own, as a person would start it.

import { type Place, pollenCommand } from "./pollen_process.ts";
import { Rest } from "./rest.ts";

export interface RegistryProcess extends AsyncDisposable {
  readonly port: number;
  readonly httpPort: number;
  readonly pid: number;
  /** All of its log so far. */
  readonly log: () => string;
  /** Ends it, whatever it holds; its exit code. */
  end(signal: Deno.Signal): Promise<number>;
}

/** Starts it on free ports and waits until it serves. */
export async function startRegistry(
  place: Place,
  args: readonly string[] = [],
): Promise<RegistryProcess> {
  const ports = ["--port", "0", "--http-port", "0", "--bind", "127.0.0.1"];
  const [program, ...words] = pollenCommand(place, ["registry", "--json", ...ports, ...args]);
  const child = new Deno.Command(program!, {
    args: words,
    cwd: place.cwd ?? place.dir,
    env: { ...place.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  const drained = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log += text;
  })();
  let out = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!out.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) {
      await drained;
      throw new Error(`the registry ended with ${(await child.status).code}: ${log}`);
    }
    out += value;
  }
  const { port, httpPort } = JSON.parse(out);
  const rest = new Rest(`the registry on ${place.dir}`, child.pid);
  let ended: Promise<number> | undefined;
  const end = (signal: Deno.Signal) =>
    ended ??= (async () => {
      child.kill(signal);
      const { code } = await child.status;
      await Promise.all([drained, reader.cancel()]);
      return code;
    })();
  return {
    port,
    httpPort,
    pid: child.pid,
    log: () => log,
    end,
    /** Once it holds no more than when it came up; fails when it keeps something. */
    async [Symbol.asyncDispose]() {
      try {
        if (ended === undefined) await rest.demand();
      } finally {
        await end("SIGTERM");
      }
    },
  };
}
