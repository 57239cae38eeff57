// An Internet on one machine: a core that joins sites, hosts with public addresses, routers with
// NAT, hosts and further routers behind those. Each is a network namespace of its own. All homes use
// the same private addresses, as people's do. Needs root on Linux, iproute2, nftables.

import {
  carries,
  command,
  type Host,
  Namespace,
  type Plug,
  plug,
  sweepNamespaces,
} from "../../../scripts/support/namespaces.ts";
import { exists, runsHere } from "../../../scripts/support/root_machine.ts";
import { OBSERVERS, OBSERVERS_6, PROMISED, prove } from "./checker.ts";
import { coreRules, FIREWALL, KINDS, type Nat, natRules, OUTAGE } from "./nat.ts";

export const CAN_HAVE_LAB = runsHere(["/usr/sbin/nft", "/usr/sbin/conntrack"]);

/** Whether to try everything, which takes minutes, or what each change is tried with. */
export const IS_ALL = Deno.env.get("POLLEN_LAB") === "all";

const MTU = 1_500;
/** The private network behind a router. */
const HOME_LAN = "192.168.1";
/** What a carrier gives to homes (RFC 6598). */
export const CARRIER_LAN = "100.64.0";

/** Which families of addresses a host has. */
export type Families = "v4" | "v6" | "both";

export interface LinkOptions {
  /** Of the link to the Internet, in bytes. */
  readonly mtu?: number;
}

export interface RouterOptions extends LinkOptions {
  /** The router that it is behind; else the Internet. */
  readonly behind?: Router;
  /** The first three numbers of the addresses behind it. */
  readonly lan?: string;
  readonly hairpin?: boolean;
}

export interface HostOptions extends LinkOptions {
  readonly families?: Families;
  /** Whether it lets in only answers. */
  readonly firewall?: boolean;
}

/** A host, and where the Internet sees it. */
export interface Site extends Host {
  readonly namespace: Namespace;
  /** Its own IPv4 address, or the IPv6 one where it has no other. */
  readonly ip: string;
  /** The address in the core's counters: its own, or that of its outermost router. */
  readonly outside: string;
  /** Where all that it says to the Internet passes: its own interface, or its outermost router's. */
  readonly uplink: Plug;
}

/** A router with NAT. */
export class Router {
  hosts = 0;

  constructor(
    readonly namespace: Namespace,
    /** What it and those that it is behind add up to: the strictest. */
    readonly nat: Nat,
    readonly lan: string,
    /** Its own address towards the Internet. */
    readonly ip: string,
    /** That of the outermost router. */
    readonly outside: string,
    /** The interface of the outermost router towards the Internet. */
    readonly uplink: Plug,
  ) {}

  /** Keeps a mapping without packets for so long from now on, instead of half a minute or more. */
  async keepFor(seconds: number): Promise<void> {
    const setting = "net.netfilter.nf_conntrack_udp_timeout";
    await this.namespace.sysctl(`${setting}=${seconds}`, `${setting}_stream=${seconds}`);
  }

  /** Passes no UDP from now on, as some companies' routers. */
  async blockUdp(): Promise<void> {
    await this.namespace.nft("insert rule inet guard through meta l4proto udp counter drop\n");
    await this.forget();
  }

  /** How many packets `blockUdp` has cost. */
  async blocked(): Promise<number> {
    const text = await this.namespace.run("nft", "list", "chain", "inet", "guard", "through");
    return Number(/counter packets (\d+) bytes \d+ drop/.exec(text)?.[1] ?? 0);
  }

  /** Leads a port of its address to a host behind it from now on, as its owner might tell it to. */
  async lead(port: number, { ip }: Site): Promise<void> {
    await this.namespace.nft(`
      insert rule ip nat enter iifname "wan" udp dport ${port} dnat to ${ip}:${port}
      insert rule inet guard through ct status dnat accept
    `);
  }

  /** Forgets all mappings, as one does that is started anew. */
  async forget(): Promise<void> {
    await this.namespace.run("conntrack", "-F");
    await this.namespace.nft("flush map ip nat mappings\n");
  }
}

export class Lab implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  #links = 0;

  private constructor(stack: AsyncDisposableStack, readonly core: Namespace) {
    this.#stack = stack;
  }

  /** @param loses A family whose packets vanish between the hosts. */
  static async make(loses: "v4" | "v6" | null = null): Promise<Lab> {
    await using stack = new AsyncDisposableStack();
    await sweepNamespaces();
    const core = stack.use(await Namespace.make());
    await core.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    await core.ip([
      ...OBSERVERS.map((ip) => `address add ${ip}/32 dev lo`),
      ...OBSERVERS_6.map((ip) => `address add ${ip}/128 dev lo nodad`),
    ]);
    await core.nft(coreRules(loses));
    return new Lab(stack.move(), core);
  }

  /** A host on the Internet itself. */
  async host(options: HostOptions = {}): Promise<Site> {
    const { families = "v4", firewall = false, mtu = MTU } = options;
    const namespace = this.#stack.use(await Namespace.make());
    const { ip, ip6 } = await this.#joinCore(namespace, "eth0", mtu, families);
    if (firewall) await namespace.nft(FIREWALL);
    const address = families === "v6" ? ip6 : ip;
    const uplink = { at: namespace, name: "eth0" };
    const site = { namespace, prefix: namespace.prefix, ip: address, outside: address, uplink };
    const filtering = firewall ? "lets answers in" : "lets all in";
    const all = { v4: [ip], v6: [ip6], both: [ip, ip6] }[families];
    for (const ip of all) {
      await prove(this.core, { namespace, ip, outside: ip }, { ...PROMISED.none, filtering });
    }
    return site;
  }

  async router(nat: Nat, options: RouterOptions = {}): Promise<Router> {
    const { behind, lan = HOME_LAN, hairpin = false, mtu = MTU } = options;
    const namespace = this.#stack.use(await Namespace.make());
    await namespace.sysctl("net.ipv4.ip_forward=1");
    if (exists("/proc/sys/net/bridge")) {
      // Otherwise what the rules turn back into the network passes as if it was not routed.
      await namespace.sysctl("net.bridge.bridge-nf-call-iptables=0");
    }
    await namespace.ip([
      "link add lan type bridge",
      `address add ${lan}.1/24 dev lan`,
      "link set lan up",
    ]);
    const ip = behind === undefined
      ? (await this.#joinCore(namespace, "wan", mtu, "v4")).ip
      : await joinLan(behind, namespace, "wan");
    await namespace.nft(natRules({ nat, outside: ip, hairpin }));
    const all = [nat, behind?.nat ?? nat];
    const strictest = all.toSorted((a, b) => KINDS.indexOf(b) - KINDS.indexOf(a))[0]!;
    const uplink = behind?.uplink ?? { at: namespace, name: "wan" };
    return new Router(namespace, strictest, lan, ip, behind?.outside ?? ip, uplink);
  }

  /** A host behind a router, which is proved to be of its kind. */
  async hostBehind(router: Router): Promise<Site> {
    const namespace = this.#stack.use(await Namespace.make());
    const ip = await joinLan(router, namespace, "eth0");
    const { outside, uplink } = router;
    const site = { namespace, prefix: namespace.prefix, ip, outside, uplink };
    await prove(this.core, site, PROMISED[router.nat]);
    return site;
  }

  /** The bytes of UDP that the Internet carried from one of these places to the other. */
  async carried(from: string, to: string): Promise<number> {
    const set = from.includes(":") ? "flows6" : "flows4";
    const text = await this.core.run("nft", "list", "set", "inet", "core", set);
    const flow = new RegExp(`${from} \\. ${to} counter packets \\d+ bytes (\\d+)`);
    return Number(flow.exec(text)?.[1] ?? 0);
  }

  /** How many packets vanished. */
  async lost(): Promise<number> {
    const text = await this.core.run("nft", "list", "chain", "inet", "core", "through");
    return Number(/counter packets (\d+) bytes \d+ drop/.exec(text)?.[1] ?? 0);
  }

  /** The Internet carries nothing for so long; how many packets that cost. */
  async outage(milliseconds: number): Promise<number> {
    await this.core.nft(OUTAGE);
    // That time passes is what is tested.
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const text = await this.core.run("nft", "list", "table", "inet", "outage");
    await this.core.nft("delete table inet outage\n");
    return Number(/counter packets (\d+)/.exec(text)?.[1] ?? 0);
  }

  async #joinCore(
    namespace: Namespace,
    name: string,
    mtu: number,
    families: Families,
  ): Promise<{ readonly ip: string; readonly ip6: string }> {
    const link = ++this.#links;
    const v4 = `20.0.${link}`;
    const v6 = `2a0f:0:${link.toString(16)}::`;
    const there = `site${link}`;
    await plug({ at: this.core, name: there }, { at: namespace, name }, mtu);
    const has4 = families !== "v6";
    const has6 = families !== "v4";
    await this.core.ip([
      ...(has4 ? [`address add ${v4}.1/24 dev ${there}`] : []),
      ...(has6 ? [`address add ${v6}1/64 dev ${there} nodad`] : []),
    ]);
    await namespace.ip([
      ...(has4 ? [`address add ${v4}.2/24 dev ${name}`, `route add default via ${v4}.1`] : []),
      ...(has6 ? [`address add ${v6}2/64 dev ${name} nodad`, `route add ::/0 via ${v6}1`] : []),
    ]);
    return { ip: `${v4}.2`, ip6: `${v6}2` };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Plugs it into the router's network, apart from all others there; its address. */
async function joinLan(router: Router, namespace: Namespace, name: string): Promise<string> {
  const there = `port${router.hosts}`;
  const ip = `${router.lan}.${10 + router.hosts++}`;
  await plug({ at: router.namespace, name: there }, { at: namespace, name }, MTU);
  await router.namespace.ip([`link set ${there} master lan`]);
  await carries({ at: router.namespace, name: "lan" });
  // A carrier's customers reach each other by its router alone.
  if (router.lan === CARRIER_LAN) {
    const words = ["link", "set", "dev", there, "isolated", "on"];
    await command(["bridge", "-n", router.namespace.name, ...words]);
  }
  await namespace.ip([`address add ${ip}/24 dev ${name}`, `route add default via ${router.lan}.1`]);
  return ip;
}
