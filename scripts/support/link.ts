// Two hosts on one machine with a wire between them that is far, slow or bad: the program of
// scripts/link, told what to do to packets. Needs root on Linux, iproute2 and cargo.

import { join } from "../paths.ts";
import { command, type Host, HostPair, type Plug } from "./namespaces.ts";
import { ROOT } from "./pollen_process.ts";

/** The crate. */
export const LINK = join(ROOT, "scripts", "link");
const PROGRAM = join(LINK, "target", "release", "pollen_link");

/** What one direction does to packets. What is not said is nought: they pass at once. */
export interface Shape {
  /** The share of packets that vanish, 0…1. */
  readonly loss?: number;
  /** Millions of bits of IP packets per second. */
  readonly rateMbit?: number;
  /** Milliseconds that packets wait for the rate at most; what would wait longer is dropped. */
  readonly bufferMs?: number;
  /** Milliseconds on the way. */
  readonly delayMs?: number;
  /** Up to so many more, without changing the order of packets. */
  readonly jitterMs?: number;
  /** The share of packets that are overtaken, 0…1, and for how many milliseconds. */
  readonly late?: number;
  readonly lateByMs?: number;
}

/** What became of the packets that one host has sent. */
export interface LinkCounts {
  readonly packets: number;
  /** Of IP packets. */
  readonly bytes: number;
  /** Vanished by chance, as was asked for. */
  readonly lost: number;
  /** Found the buffer full, as was asked for. */
  readonly dropped: number;
  /** The link could not keep up with: a measurement in which that happens says nothing. */
  readonly failed: number;
}

/** Each host's packets. */
export type Both<T> = Readonly<Record<"left" | "right", T>>;

function words({ loss, rateMbit, bufferMs, delayMs, jitterMs, late, lateByMs }: Shape): string {
  const microseconds = (ms: number | undefined) => ms === undefined ? undefined : ms * 1_000;
  const settings = {
    loss,
    rate: rateMbit === undefined ? undefined : rateMbit * 1e6,
    buffer_us: microseconds(bufferMs),
    delay_us: microseconds(delayMs),
    jitter_us: microseconds(jitterMs),
    late,
    late_by_us: microseconds(lateByMs),
  };
  return Object.entries(settings)
    .flatMap(([key, value]) => value === undefined ? [] : [`${key}=${value}`])
    .join(" ");
}

/** The program: a device at each end of the wire, as long as it runs. */
class Link implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  /** Read, and not a whole line yet. */
  #rest = "";
  /** One question after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async join(a: Plug, b: Plug, mtu: number, seed: number): Promise<Link> {
    const args = [String(seed), ...[a, b].flatMap(({ at, name }) => [at.name, name]), String(mtu)];
    const options = { args, stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    const link = new Link(new Deno.Command(PROGRAM, options).spawn());
    try {
      await link.#line();
      return link;
    } catch (thrown) {
      await link[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** Says a line; what is answered. */
  say(line: string): Promise<string> {
    const answer = this.#last.then(async () => {
      await this.#writer.write(new TextEncoder().encode(`${line}\n`));
      return await this.#line();
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #line(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { value } = await this.#reader.read();
      if (value === undefined) throw new Error("the link has ended");
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    if (line.startsWith("error: ")) throw new Error(`the link says ${line}`);
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#reader.cancel();
    await this.#child.status;
  }
}

/** Packets that a host sent while more than enough of them waited for the link's program. */
async function missedBy({ prefix }: Host): Promise<number> {
  const words = ["ip", "-json", "-statistics", "link", "show", "dev", "eth0"];
  const [device] = JSON.parse(await command([...prefix, ...words]));
  return device.stats64.tx.dropped;
}

/** Two hosts that reach each other over a link, and nothing else. */
export class LinkedHosts implements AsyncDisposable {
  readonly #hosts: HostPair;
  readonly #link: Link;
  readonly left: Host;
  readonly right: Host;

  private constructor(hosts: HostPair, link: Link) {
    this.#hosts = hosts;
    this.#link = link;
    this.left = hosts.left;
    this.right = hosts.right;
  }

  /** Makes both, and the link's program if need be. `seed`, 0…2^53, is for what chance decides. */
  static async make(mtu: number, seed: number): Promise<LinkedHosts> {
    const crate = [
      "--manifest-path",
      join(LINK, "Cargo.toml"),
      "--target-dir",
      join(LINK, "target"),
    ];
    await command(["cargo", "build", "--quiet", "--release", "--locked", ...crate]);
    let link: Link;
    const hosts = await HostPair.make(
      mtu,
      async (a, b) => (link = await Link.join(a, b, mtu, seed)),
    );
    return new LinkedHosts(hosts, link!);
  }

  /** What happens from now on to the packets of both. */
  async shape(both: Shape): Promise<void>;
  /** What happens from now on to the packets of each. */
  async shape(left: Shape, right: Shape): Promise<void>;
  async shape(left: Shape, right: Shape = left): Promise<void> {
    await this.#link.say(`shape left ${words(left)}`);
    await this.#link.say(`shape right ${words(right)}`);
  }

  /** What became of the packets so far. */
  async counts(): Promise<Both<LinkCounts>> {
    const counts = JSON.parse(await this.#link.say("count")) as Both<LinkCounts>;
    const withMissed = async (side: "left" | "right") => {
      const missed = await missedBy(this.#hosts[side]);
      return { ...counts[side], failed: counts[side].failed + missed };
    };
    return { left: await withMissed("left"), right: await withMissed("right") };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#hosts[Symbol.asyncDispose]();
  }
}
