// Hosts on one machine: network namespaces joined by veth pairs, as Linux makes them. Needs root
// and iproute2. Their names carry the process that made them, so that what a crash leaves behind is
// known and removed by whoever comes next.

import { until } from "./pollen_process.ts";

/** Runs a program to its end; its standard output. Fails with what it said. */
export async function command(words: readonly string[], stdin?: string): Promise<string> {
  const [program, ...args] = words;
  const child = new Deno.Command(program!, {
    args,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    await new Blob([stdin]).stream().pipeTo(child.stdin);
  }
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${words.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Where `ip netns` keeps them. */
const FOLDER = "/run/netns";
const PREFIX = "pln";
let made = 0;

/** One network namespace. */
export class Namespace implements AsyncDisposable {
  /** Put before a command, it runs there. */
  readonly prefix: readonly string[];

  private constructor(readonly name: string) {
    this.prefix = ["ip", "netns", "exec", name];
  }

  /** An empty one with its loopback interface up. */
  static async make(): Promise<Namespace> {
    const namespace = new Namespace(`${PREFIX}${Deno.pid}-${made++}`);
    await command(["ip", "netns", "add", namespace.name]);
    await namespace.ip(["link set lo up"]);
    return namespace;
  }

  /** Runs lines of `ip` there, such as `link set lo up`. */
  async ip(lines: readonly string[]): Promise<void> {
    await command(["ip", "-n", this.name, "-batch", "-"], `${lines.join("\n")}\n`);
  }

  /** Runs a program there to its end; its standard output. */
  run(...words: readonly string[]): Promise<string> {
    return command([...this.prefix, ...words]);
  }

  /** Sets kernel settings there, such as `net.ipv4.ip_forward=1`. */
  async sysctl(...settings: readonly string[]): Promise<void> {
    await this.run("sysctl", "-qw", ...settings);
  }

  /** Adds these nftables rules there. */
  async nft(rules: string): Promise<void> {
    await command([...this.prefix, "nft", "-f", "-"], rules);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await command(["ip", "netns", "del", this.name]).catch(() => {});
  }
}

/** One end of a cable: an interface of a namespace. */
export interface Plug {
  readonly at: Namespace;
  readonly name: string;
}

/** Joins two interfaces that it makes; both are up and carry. `mtu` in bytes. */
export async function plug(a: Plug, b: Plug, mtu: number): Promise<void> {
  const end = ({ at, name }: Plug) => `name ${name} netns ${at.name} mtu ${mtu}`;
  await command(["ip", "-batch", "-"], `link add ${end(a)} type veth peer ${end(b)}\n`);
  await Promise.all([a, b].map(({ at, name }) => at.ip([`link set ${name} up`])));
  await Promise.all([a, b].map(carries));
}

/** Waits until the interface carries packets: the kernel gets it ready some time after it is up. */
export async function carries({ at, name }: Plug): Promise<void> {
  await until(`${name} carries`, async () => {
    const line = await command(["ip", "-n", at.name, "-br", "link", "show", "dev", name]);
    return /\sUP\s/.test(line) || null;
  });
}

/** Removes the namespaces of processes that are gone, and what still runs in them. */
export async function sweepNamespaces(): Promise<void> {
  const pattern = new RegExp(`^${PREFIX}(\\d+)\\D`);
  for (const name of names()) {
    const pid = pattern.exec(name)?.[1];
    if (pid === undefined || exists(`/proc/${pid}`)) continue;
    const left = await command(["ip", "netns", "pids", name]).catch(() => "");
    for (const line of left.split("\n")) if (line !== "") kill(Number(line));
    await command(["ip", "netns", "del", name]).catch(() => {});
  }
}

function names(): string[] {
  try {
    return [...Deno.readDirSync(FOLDER)].map(({ name }) => name);
  } catch {
    return []; // There never was one.
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It ended in this very moment.
  }
}

/** One host. */
export interface Host {
  readonly ip: string;
  /** Put before a command, it runs there. */
  readonly prefix: readonly string[];
}

/** Two hosts that reach each other and nothing else. */
export class HostPair implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(stack: AsyncDisposableStack, readonly left: Host, readonly right: Host) {
    this.#stack = stack;
  }

  /**
   * Makes both. `mtu` is that of the link between them, in bytes. `join` makes that link; what it
   * gives is ended with the hosts.
   */
  static async make(
    mtu: number,
    join: (a: Plug, b: Plug, mtu: number) => Promise<AsyncDisposable | void> = plug,
  ): Promise<HostPair> {
    await using stack = new AsyncDisposableStack();
    await sweepNamespaces();
    const left = stack.use(await Namespace.make());
    const right = stack.use(await Namespace.make());
    stack.use(await join({ at: left, name: "eth0" }, { at: right, name: "eth0" }, mtu) ?? null);
    const hosts: Host[] = [];
    for (const at of [left, right]) {
      const ip = `10.77.0.${hosts.length + 1}`;
      await at.ip([`address add ${ip}/24 dev eth0`]);
      hosts.push({ ip, prefix: at.prefix });
    }
    return new HostPair(stack.move(), hosts[0]!, hosts[1]!);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
