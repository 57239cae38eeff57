// One TCP connection through a tunnel that keeps asking for an echo, with a process beside each node:
// whether it goes on tells what became of the session under it.

import { type Place, pollenOk, until } from "../../../scripts/support/pollen_process.ts";
import { status } from "./network.ts";

const PORT = 7_000;
/** Of one question and its answer: more than a few packets of any size. */
const ECHO_BYTES = 65_536;

const SERVER = `
  for await (const connection of Deno.listen({ hostname: "127.0.0.1", port: ${PORT} })) {
    void connection.readable.pipeTo(connection.writable).catch(() => {});
  }`;

// Every byte of an answer is compared: one that is lost or doubled shifts all after it.
const CLIENT = `
  const connection = await Deno.connect({ port: ${PORT} });
  const question = new Uint8Array(${ECHO_BYTES}).map((_, at) => at % 251);
  const buffer = new Uint8Array(${ECHO_BYTES});
  for (;;) {
    const asking = (async () => {
      for (let at = 0; at < question.length;) at += await connection.write(question.subarray(at));
    })();
    for (let at = 0; at < ${ECHO_BYTES};) {
      const count = await connection.read(buffer.subarray(at)) ?? Deno.exit(1);
      for (const end = at + count; at < end; at++) if (buffer[at] !== question[at]) Deno.exit(2);
    }
    await asking;
    console.log("answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }`;

export class Echo implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  #answers = 0;

  private constructor(stack: AsyncDisposableStack) {
    this.#stack = stack;
  }

  /** Serves at the one, connects at the other, and waits until it works. */
  static async open(provider: Place, client: Place): Promise<Echo> {
    await using stack = new AsyncDisposableStack();
    const server = spawn(provider, SERVER, "null");
    stack.defer(() => end(server));
    await pollenOk(provider, ["serve", String(PORT), "echo"]);
    await until("the service is known", async () => {
      const { services } = await status(client);
      return services.length > 0 ? true : null;
    });
    await pollenOk(client, ["connect", "echo"]);
    const echo = new Echo(stack.move());
    echo.#ask(client);
    await echo.untilAnswers("the tunnel works");
    return echo;
  }

  #ask(place: Place): void {
    const client = spawn(place, CLIENT, "piped");
    const counted = (async () => {
      for await (const text of client.stdout.pipeThrough(new TextDecoderStream())) {
        this.#answers += text.split("answer").length - 1;
      }
    })();
    this.#stack.defer(async () => {
      await end(client);
      await counted;
    });
  }

  /** Waits until the same connection has answered a few times more. */
  async untilAnswers(what: string): Promise<void> {
    const before = this.#answers;
    await until(what, () => Promise.resolve(this.#answers > before + 2 ? true : null));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Runs a script at that place, in a process of its own. */
function spawn({ prefix = [] }: Place, script: string, stdout: "null" | "piped") {
  const [program, ...args] = [...prefix, Deno.execPath(), "eval", script];
  return new Deno.Command(program!, { args, stdin: "null", stdout, stderr: "null" }).spawn();
}

async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It ended by itself, because its connection did.
  }
  await child.status;
}
