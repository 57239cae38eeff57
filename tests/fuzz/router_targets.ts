// What a router, or somebody who passes himself off as one, may send; and what the system says of it.

import { routerOfLinux, routerOfMac, routerOfWindows } from "../../lib/portmap/gateway.ts";
import { decodeNatPmpAddress, decodeNatPmpMap } from "../../lib/portmap/nat_pmp.ts";
import { decodePcpMap } from "../../lib/portmap/pcp.ts";
import { decodeSsdp } from "../../lib/portmap/ssdp.ts";
import { readDescription, readSoap } from "../../lib/portmap/upnp.ts";
import * as samples from "../unit/portmap/samples.ts";
import { mutateBytes } from "./mutate_bytes.ts";
import { mutateText } from "./mutate_text.ts";
import type { Target } from "./target.ts";

function ofBytes(name: string, valid: Uint8Array, decode: (bytes: Uint8Array) => unknown): Target {
  return {
    name,
    input: (seeded) => mutateBytes([valid], "der", seeded),
    decode: (input) => decode(input as Uint8Array),
  };
}

function ofText(name: string, valid: readonly string[], decode: (text: string) => unknown): Target {
  return {
    name,
    input: (seeded) => mutateText(valid, seeded),
    decode: (input) => decode(input as string),
  };
}

const AT = { ip: samples.ROUTER, port: 80, path: "/" };
const encoder = new TextEncoder();

export const ROUTER_TARGETS: readonly Target[] = [
  ofBytes("PCP", samples.PCP_MAP, (bytes) => decodePcpMap(bytes, samples.NONCE, 60_611)),
  ofBytes("NAT-PMP's address", samples.NAT_PMP_ADDRESS, decodeNatPmpAddress),
  ofBytes("NAT-PMP's port", samples.NAT_PMP_MAP, (bytes) => decodeNatPmpMap(bytes, 60_611)),
  ofText(
    "an answer by SSDP",
    [samples.SSDP],
    (text) => decodeSsdp(encoder.encode(text), samples.ROUTER),
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
