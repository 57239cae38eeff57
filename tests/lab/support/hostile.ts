// A hostile carrier at a site of the lab: the process that hostile_node.ts is, what brings relayed
// packets to its socket instead of the engine's, and what it says.

import { fromFileUrl } from "../../../scripts/paths.ts";
import { within } from "./deadline.ts";
import type { Network } from "./nodes.ts";
import type { Site } from "./topology.ts";
import { type Mood, type Trick, TRICKS } from "./tricks.ts";

type Process = Deno.ChildProcess;
type Lines = ReadableStreamDefaultReader<string>;

/** Where others see it. */
export const NODE_PORT = 60_611;
/** Where what it is to carry arrives. */
export const HOSTILE_PORT = 60_612;

/** The longest that it may take to say something. */
const LINE_TIMEOUT_MS = 30_000;

/**
 * Both ports are one to the others: packets that begin as relayed ones do go to the hostile socket,
 * what it sends leaves from the node's port.
 */
const LEADING = `
table inet hostile {
  chain enter {
    type filter hook prerouting priority raw
    udp dport ${NODE_PORT} @th,64,8 0x04 udp dport set ${HOSTILE_PORT}
  }
  chain leave {
    type filter hook output priority raw
    udp sport ${HOSTILE_PORT} udp sport set ${NODE_PORT}
  }
}
`;

export class HostileCarrier implements AsyncDisposable {
  readonly #child: Process;
  readonly #lines: Lines;
  readonly #words: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(
    child: Process,
    lines: Lines,
    /** Its peer key. */
    readonly key: string,
    /** The file with every packet that it opened. */
    readonly recordPath: string,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#words = child.stdin.getWriter();
  }

  /** A member there that runs. */
  static async join(network: Network, site: Site): Promise<HostileCarrier> {
    const { dir } = await network.join(site, "hostile");
    await site.namespace.nft(LEADING);
    const file = fromFileUrl(import.meta.resolve("./hostile_node.ts"));
    const recordPath = `${network.folder.path}/record`;
    const words = [Deno.execPath(), "run", "-A", "--unstable-net", "--quiet", file];
    const [command, ...args] = [...site.prefix, ...words, dir, recordPath];
    const options = { args, stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    const child = new Deno.Command(command!, options).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const [, key = ""] = (await nextLine(lines)).split(" ");
      return new HostileCarrier(child, lines, key, recordPath);
    } catch (thrown) {
      child.kill("SIGKILL");
      throw thrown;
    }
  }

  /** From now on it treats packets so. */
  async turn(mood: Mood): Promise<void> {
    await this.#say(mood);
  }

  /** How often it played each trick. */
  async played(): Promise<Record<Trick, number>> {
    await this.#say("report");
    const sides: Record<Trick, number>[] = JSON.parse(await nextLine(this.#lines));
    const sum = (trick: Trick) => sides.reduce((all, played) => all + played[trick], 0);
    return Object.fromEntries(TRICKS.map((trick) => [trick, sum(trick)])) as Record<Trick, number>;
  }

  async #say(word: string): Promise<void> {
    await this.#words.write(new TextEncoder().encode(`${word}\n`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await Promise.all([this.#lines.cancel(), this.#words.abort().catch(() => {})]);
    await this.#child.status;
  }
}

/** What it says next: a line each time that it is asked. */
async function nextLine(lines: Lines): Promise<string> {
  const reading = (async () => {
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await lines.read();
      if (done) throw new Error("the hostile carrier ended");
      text += value;
    }
    return text.trim();
  })();
  const giveUp = () => void lines.cancel();
  return await within(LINE_TIMEOUT_MS, "the hostile carrier answers", reading, giveUp);
}
