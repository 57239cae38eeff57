// Which router leads to the Internet, from what three systems say, and which address is ours there.

import { deepEqual, equal } from "node:assert/strict";
import {
  gatewayOn,
  routerOfLinux,
  routerOfMac,
  routerOfWindows,
} from "../../../lib/portmap/gateway.ts";
import { LINUX_ROUTES, MAC_ROUTE, WINDOWS_ROUTES } from "./samples.ts";

Deno.test("the router with the lowest metric is it", () => {
  equal(routerOfLinux(LINUX_ROUTES), "192.168.2.1");
  equal(routerOfMac(MAC_ROUTE), "192.168.1.1");
  equal(routerOfWindows(WINDOWS_ROUTES), "192.168.2.1");
});

Deno.test("without a way out there is no router", () => {
  const [head = "", , , link = ""] = LINUX_ROUTES.split("\n");
  for (
    const table of ["", head, `${head}\n${link}\n`, `${head}\nlo 00000000 zz 0003 0 0 0 00000000`]
  ) {
    equal(routerOfLinux(table), null);
  }
  equal(routerOfMac("route: writing to routing socket: not in table\n"), null);
  equal(routerOfMac("    gateway: fe80::1%en0\n"), null);
  equal(routerOfMac("    gateway: link#5\n"), null);
  equal(routerOfWindows("None\n"), null);
  equal(routerOfWindows("  0.0.0.0   0.0.0.0   On-link   10.0.0.5   25\n"), null);
});

Deno.test("our address is the one on the router's link", () => {
  const on = (address: string, netmask = "255.255.255.0", family = "IPv4") => ({
    family,
    address,
    netmask,
  });
  const all = [
    on("127.0.0.1", "255.0.0.0"),
    on("fe80::1", "ffff::", "IPv6"),
    on("10.0.0.5"),
    on("192.168.1.66"),
  ];
  deepEqual(gatewayOn("192.168.1.1", all), { ip: "192.168.1.1", localIp: "192.168.1.66" });
  equal(gatewayOn("192.168.2.1", all), null);
  equal(gatewayOn("192.168.1.66", [on("192.168.1.66")]), null, "it is not ourselves");
});
