// What a router, or somebody who passes himself off as one, may send; and what the system says of it.

import { routerOfLinux, routerOfMac, routerOfWindows } from "../../lib/portmap/gateway.ts";
import { decodeNatPmpAddress, decodeNatPmpMap } from "../../lib/portmap/nat_pmp.ts";
import { decodePcpMap } from "../../lib/portmap/pcp.ts";
import { decodeSsdp } from "../../lib/portmap/ssdp.ts";
import { readDescription, readSoap } from "../../lib/portmap/upnp.ts";
import * as samples from "../unit/portmap/samples.ts";
import { ofBytes, ofText, ofTextBytes } from "./forms.ts";
import type { Target } from "./target.ts";

const AT = { ip: samples.ROUTER, port: 80, path: "/" };

export const ROUTER_TARGETS: readonly Target[] = [
  ofBytes("PCP", "der", [samples.PCP_MAP], (bytes) => decodePcpMap(bytes, samples.NONCE, 60_611)),
  ofBytes("NAT-PMP's address", "der", [samples.NAT_PMP_ADDRESS], decodeNatPmpAddress),
  ofBytes(
    "NAT-PMP's port",
    "der",
    [samples.NAT_PMP_MAP],
    (bytes) => decodeNatPmpMap(bytes, 60_611),
  ),
  ofTextBytes(
    "an answer by SSDP",
    [samples.SSDP],
    (bytes) => decodeSsdp(bytes, samples.ROUTER),
  ),
  ofText("a router's description", [samples.DESCRIPTION], (text) => readDescription(text, AT)),
  ofText(
    "an answer by SOAP",
    [samples.SOAP, samples.SOAP_FAULT],
    (text) => readSoap(text, "GetExternalIPAddress"),
  ),
  ofText("Linux's routes", [samples.LINUX_ROUTES], routerOfLinux),
  ofText("macOS's route", [samples.MAC_ROUTE], routerOfMac),
  ofText("Windows's routes", [samples.WINDOWS_ROUTES], routerOfWindows),
];
