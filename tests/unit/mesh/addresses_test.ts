import { deepEqual, equal } from "node:assert/strict";
import { getAdvertisableAddrs, isHostIp, isPublicIp, isRoutableIp } from "../../../lib/mesh/mod.ts";

Deno.test("only addresses that somebody else can reach are told, public ones first", () => {
  const addresses = getAdvertisableAddrs([
    { name: "lo", address: "127.0.0.1" },
    { name: "lo", address: "::1" },
    { name: "eth0", address: "192.168.1.7" },
    { name: "eth0", address: "fe80::1%eth0" },
    { name: "eth0", address: "8.8.4.4" },
    { name: "eth0", address: "2a00:1450::1" },
    { name: "docker0", address: "172.17.0.1" },
    { name: "br-1234", address: "172.18.0.1" },
    { name: "veth99", address: "10.9.9.9" },
    { name: "tailscale0", address: "100.100.1.1" },
    { name: "tailscale0", address: "fd7a:115c:a1e0::1" },
    { name: "wlan0", address: "192.168.1.7" },
    { name: "eth1", address: "fd00::7" },
    { name: "eth2", address: "0.0.0.0" },
    { name: "eth2", address: "224.0.0.1" },
    { name: "eth3", address: "not an address" },
  ]);
  deepEqual(addresses, ["8.8.4.4", "2a00:1450::1", "192.168.1.7", "fd00::7"]);
});

Deno.test("public and private are told apart, also in IPv4-mapped IPv6", () => {
  equal(isPublicIp("8.8.8.8"), true);
  equal(isPublicIp("::ffff:8.8.8.8"), true);
  for (
    const ip of [
      "10.0.0.1",
      "::ffff:10.0.0.1",
      "172.16.0.1",
      "169.254.1.1",
      "100.64.0.1",
      "fe80::1",
      "x",
      "",
    ]
  ) {
    equal(isPublicIp(ip), false, ip);
  }
  equal(isRoutableIp("10.0.0.1"), true);
  equal(isRoutableIp("127.0.0.1"), false);
});

Deno.test("an address of one machine is neither everybody's nor nobody's", () => {
  for (const ip of ["127.0.0.1", "203.0.113.7", "::1", "fe80::1%eth0", "::ffff:10.0.0.1"]) {
    equal(isHostIp(ip), true, ip);
  }
  for (
    const ip of [
      ...["0.0.0.0", "0.1.2.3", "::", "::0", "::ffff:0.0.0.0"],
      ...["224.0.0.1", "255.255.255.255", "ff02::1", "x", ""],
    ]
  ) {
    equal(isHostIp(ip), false, ip);
  }
});
