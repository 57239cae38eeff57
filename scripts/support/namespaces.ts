// Two hosts on one machine: network namespaces joined by a veth pair, as Linux makes them. Needs
// root and iproute2.

/** Runs a program to its end; its standard output. Fails with what it said. */
export async function command(words: readonly string[]): Promise<string> {
  const [program, ...args] = words;
  const { success, stdout, stderr } = await new Deno.Command(program!, { args, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${words.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** One host. */
export interface Host {
  readonly namespace: string;
  readonly ip: string;
  /** Put before a command, it runs there. */
  readonly prefix: readonly string[];
}

/** Two hosts that reach each other and nothing else. */
export class HostPair implements AsyncDisposable {
  private constructor(readonly left: Host, readonly right: Host) {}

  /** Makes both. `mtu` is that of the link between them, in bytes. */
  static async make(mtu: number): Promise<HostPair> {
    const names = [`pln${Deno.pid}a`, `pln${Deno.pid}b`] as const;
    const hosts = names.map((namespace, index): Host => ({
      namespace,
      ip: `10.77.0.${index + 1}`,
      prefix: ["ip", "netns", "exec", namespace],
    }));
    const pair = new HostPair(hosts[0]!, hosts[1]!);
    try {
      for (const name of names) await command(["ip", "netns", "add", name]);
      await command(
        [
          "ip",
          "link",
          "add",
          "eth0",
          "netns",
          names[0],
          "type",
          "veth",
          "peer",
          "name",
          "eth0",
          "netns",
          names[1],
        ],
      );
      for (const { prefix, ip } of hosts) {
        await command([...prefix, "ip", "address", "add", `${ip}/24`, "dev", "eth0"]);
        await command([...prefix, "ip", "link", "set", "eth0", "mtu", String(mtu), "up"]);
        await command([...prefix, "ip", "link", "set", "lo", "up"]);
      }
      return pair;
    } catch (thrown) {
      await pair[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { namespace } of [this.left, this.right]) {
      await command(["ip", "netns", "del", namespace]).catch(() => {});
    }
  }
}
