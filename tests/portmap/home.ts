// A home behind a router, in network namespaces: a machine, its routers, each with the same machine
// outside. The routers are Linux with nftables and, if wanted, a real miniupnpd. Needs root.

import { command } from "../../scripts/support/namespaces.ts";
import { until } from "../../scripts/support/pollen_process.ts";
import { runsHere } from "../../scripts/support/root_machine.ts";

/** What has to be there besides iproute2. */
const CAN_HAVE_HOME = runsHere(["/usr/sbin/nft", "/usr/sbin/miniupnpd"]);

/** Registers a test that needs a home. */
export function homeTest(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name: CAN_HAVE_HOME ? name : `${name} (needs root on Linux, nftables, miniupnpd-nftables)`,
    ignore: !CAN_HAVE_HOME,
    fn,
  });
}

/** The rules of a router: nobody comes in unasked, everybody goes out under its address. */
const RULES = `
table inet filter {
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "lan" accept
    ct state established,related accept
    jump miniupnpd
  }
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain postrouting {
    type nat hook postrouting priority 100;
    jump postrouting_miniupnpd
    oifname "wan" masquerade
  }
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
}
`;

const SETTINGS = `
ext_ifname=wan
listening_ip=lan
http_port=0
enable_natpmp=yes
enable_upnp=yes
secure_mode=yes
min_lifetime=1
uuid=00000000-0000-0000-0000-000000000000
upnp_table_name=filter
upnp_nat_table_name=filter
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
allow 1024-65535 192.168.0.0/16 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
`;

/** One router of the home. */
export interface Router {
  /** Its address on the machine's side. */
  readonly ip: string;
  /** Its address on the side of the Internet. */
  readonly outerIp: string;
  /** Whether a port of it leads to the machine's. */
  leads(port: number): Promise<boolean>;
}

let homes = 0;

/** The home; its machine is `inside`, a machine on the Internet is `outside`. */
export class Home implements AsyncDisposable {
  readonly #name = `plh${Deno.pid}x${homes++}`;
  readonly #stack = new AsyncDisposableStack();
  #routers = 0;

  private constructor() {}

  static async make(): Promise<Home> {
    const home = new Home();
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(home.#stack);
    for (const side of ["in", "out"]) await home.#namespace(side);
    cleanup.move();
    return home;
  }

  /** What is put before a command to run it on the home's machine. */
  get inside(): readonly string[] {
    return this.#prefix("in");
  }

  /** What is put before a command to run it somewhere on the Internet. */
  get outside(): readonly string[] {
    return this.#prefix("out");
  }

  /**
   * Puts one more router between the machine and the Internet, and makes it the way out.
   *
   * @param outerNet The first three numbers of its address outside.
   */
  async addRouter(
    { outerNet, hasMappings }: { readonly outerNet: string; readonly hasMappings: boolean },
  ): Promise<Router> {
    const index = ++this.#routers;
    const side = `r${index}`;
    const [ip, innerIp] = [`192.168.${index}.1`, `192.168.${index}.2`];
    const [outerIp, farIp] = [`${outerNet}.1`, `${outerNet}.2`];
    await this.#namespace(side);
    const at = this.#prefix(side);
    await this.#link({ at: side, name: "lan", ip }, { at: "in", name: `eth${index}`, ip: innerIp });
    await this.#link({ at: side, name: "wan", ip: outerIp }, {
      at: "out",
      name: `eth${index}`,
      ip: farIp,
    });
    await command([...at, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    await command([...this.inside, "ip", "route", "replace", "default", "via", ip]);
    const folder = await Deno.makeTempDir();
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
    await Deno.writeTextFile(`${folder}/rules`, RULES);
    await command([...at, "nft", "-f", `${folder}/rules`]);
    if (hasMappings) await this.#startMiniupnpd(at, ip, folder);
    return {
      ip,
      outerIp,
      leads: async (port) => {
        const rules = await command([...at, "nft", "list", "chain", "inet", "filter", CHAIN]);
        return rules.includes(`dport ${port} dnat ip to ${innerIp}`);
      },
    };
  }

  async #startMiniupnpd(at: readonly string[], ip: string, folder: string): Promise<void> {
    await Deno.writeTextFile(`${folder}/conf`, SETTINGS);
    const [program, ...args] = [...at, "miniupnpd", "-d", "-f", `${folder}/conf`];
    const child = new Deno.Command(program!, {
      args: [...args, "-P", `${folder}/pid`],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#stack.defer(async () => {
      child.kill("SIGTERM");
      await child.status;
    });
    await until("miniupnpd listens", async () => {
      const sockets = await command([...at, "ss", "-Hlun", "sport = :5351"]);
      return sockets.includes(ip) || sockets.includes("0.0.0.0") ? true : null;
    });
  }

  async #namespace(side: string): Promise<void> {
    const name = this.#name + side;
    await command(["ip", "netns", "add", name]);
    this.#stack.defer(async () => void await command(["ip", "netns", "del", name]));
    await command([...this.#prefix(side), "ip", "link", "set", "lo", "up"]);
  }

  async #link(...ends: readonly [End, End]): Promise<void> {
    const [one, other] = ends.map(({ at, name }) => [name, "netns", this.#name + at]);
    await command(["ip", "link", "add", ...one!, "type", "veth", "peer", "name", ...other!]);
    for (const { at, name, ip } of ends) {
      await command([...this.#prefix(at), "ip", "address", "add", `${ip}/24`, "dev", name]);
      await command([...this.#prefix(at), "ip", "link", "set", name, "up"]);
    }
  }

  #prefix(side: string): readonly string[] {
    return ["ip", "netns", "exec", this.#name + side];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

const CHAIN = "prerouting_miniupnpd";

/** One end of a link. */
interface End {
  readonly at: string;
  readonly name: string;
  readonly ip: string;
}
