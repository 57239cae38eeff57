// What the routers of the lab do to UDP, as nftables rules: one function from a kind to its text.
// The words for mapping and filtering are those of RFC 4787. Pure.

/**
 * `open`: endpoint-independent mapping and filtering. `moderate`: endpoint-independent mapping,
 * address- and port-dependent filtering. `strict`: a fresh random port for each destination, and
 * the same filtering.
 */
export type Nat = "open" | "moderate" | "strict";

/** What there is between a host and the Internet. `none`: a public address of its own. */
export type Kind = "none" | Nat;

export const KINDS: readonly Kind[] = ["none", "open", "moderate", "strict"];

export interface NatRules {
  readonly nat: Nat;
  /** The router's address towards the Internet. */
  readonly outside: string;
  /** Whether those behind it reach each other at their outside addresses. */
  readonly hairpin: boolean;
}

/** The outside port of a mapping: another than the inside one, and always the same. */
const MAPPED = "jhash ip saddr . udp sport mod 20000 seed 0x706f6c6c offset 30000";

/** The rules of a router with the interfaces `wan` and `lan`. */
export function natRules(rules: NatRules): string {
  const { nat, outside, hairpin } = rules;
  const isOpen = nat === "open";
  const fromOutside = hairpin ? "" : 'iifname "wan" ';
  const snat = nat === "strict"
    ? 'oifname "wan" meta l4proto { tcp, udp } masquerade random,fully-random'
    : `oifname "wan" meta l4proto udp snat ip to ${outside}:${MAPPED}`;
  const turned = 'iifname "lan" oifname "lan" ct status dnat';
  return `
table ip nat {
  map mappings {
    type inet_service : ipv4_addr . inet_service
    size 65535
    flags dynamic,timeout
    timeout 2m
  }
  chain learn {
    type filter hook postrouting priority 90
    ${
    isOpen
      ? `iifname "lan" meta l4proto udp update @mappings { ${MAPPED} : ip saddr . udp sport }`
      : ""
  }
  }
  chain enter {
    type nat hook prerouting priority -100
    ${isOpen ? `${fromOutside}ip daddr ${outside} dnat ip to udp dport map @mappings` : ""}
  }
  chain leave {
    type nat hook postrouting priority 100
    ${snat}
    ${isOpen && hairpin ? `${turned} meta l4proto udp snat ip to ${outside}:${MAPPED}` : ""}
    oifname "wan" masquerade
  }
}
table inet guard {
  chain through {
    type filter hook forward priority 0
    policy drop
    ct state established,related accept
    iifname "lan" oifname "wan" accept
    ${isOpen ? "ct status dnat accept" : ""}
  }
  chain mine {
    type filter hook input priority 0
    policy drop
    iifname "lo" accept
    icmp type echo-request accept
  }
  chain own {
    type filter hook output priority 0
    ${HIDE_MTU}
  }
}
`;
}

/** Nobody learns from a router that his packet was too large. */
export const HIDE_MTU = `icmp type destination-unreachable drop
    icmpv6 type packet-too-big drop`;

/**
 * A host that lets everything in and remembers it: `FIREWALL`, set up later, then takes what follows
 * for answers. Without it a host begins to remember only with the firewall.
 */
export const TRACKING = `
table inet memory {
  chain mine {
    type filter hook input priority 0
    ct state established,related accept
  }
}
`;

/** A host that lets in only answers. */
export const FIREWALL = `
table inet guard {
  chain mine {
    type filter hook input priority 0
    policy drop
    iifname "lo" accept
    ct state established,related accept
    meta l4proto ipv6-icmp accept
  }
}
`;

/**
 * The rules of the Internet: it carries no private address, and counts who sends how much to whom.
 * Packets of the family `loses` vanish.
 */
export function coreRules(loses: "v4" | "v6" | null): string {
  return `
table inet core {
  set flows4 {
    type ipv4_addr . ipv4_addr
    size 65535
    flags dynamic
    counter
  }
  set flows6 {
    type ipv6_addr . ipv6_addr
    size 65535
    flags dynamic
    counter
  }
  chain through {
    type filter hook forward priority 0
    ip saddr { 10.0.0.0/8, 100.64.0.0/10, 192.168.0.0/16 } drop
    ${loses === null ? "" : `meta nfproto ip${loses} counter drop`}
    meta l4proto udp update @flows4 { ip saddr . ip daddr }
    meta l4proto udp update @flows6 { ip6 saddr . ip6 daddr }
  }
  chain own {
    type filter hook output priority 0
    ${HIDE_MTU}
  }
}
`;
}

/** An Internet that carries nothing. */
export const OUTAGE = `
table inet outage {
  chain through {
    type filter hook forward priority -1
    counter drop
  }
}
`;
