// What goes to routers and comes from them, byte for byte as the RFCs draw it, and what is refused.

import { deepEqual, equal, throws } from "node:assert/strict";
import {
  ADDRESS_REQUEST,
  decodeNatPmpAddress,
  decodeNatPmpMap,
  encodeNatPmpMap,
} from "../../../lib/portmap/nat_pmp.ts";
import { decodePcpMap, encodePcpMap } from "../../../lib/portmap/pcp.ts";
import { decodeSsdp } from "../../../lib/portmap/ssdp.ts";
import { PollenError } from "../../../lib/types/mod.ts";
import { NAT_PMP_ADDRESS, NAT_PMP_MAP, NONCE, PCP_MAP, ROUTER, SSDP, WISH } from "./samples.ts";

const refused = (error: unknown) => error instanceof PollenError && error.code === "refused";

/** The same bytes with some of them changed. */
function changed(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

Deno.test("a PCP request has the bytes of RFC 6887, figures 2 and 9", () => {
  const words = [
    "02010000", // version 2, MAP
    "00000e10", // an hour
    "00000000000000000000ffffc0a80142", // 192.168.1.66
    "0102030405060708090a0b0c", // the nonce
    "11000000", // UDP
    "ecc3ecc4", // 60611, 60612
    "00000000000000000000ffff00000000", // any address
  ];
  equal(encodePcpMap(WISH, NONCE).toHex(), words.join(""));
});

Deno.test("a PCP answer is read, and taken for ours by its nonce, protocol and port alone", () => {
  deepEqual(decodePcpMap(PCP_MAP, NONCE, 60_611), {
    externalIp: "203.0.113.9",
    externalPort: 40_000,
    lifetimeSeconds: 1_200,
  });
  equal(decodePcpMap(PCP_MAP, NONCE, 60_612), null);
  equal(decodePcpMap(changed(PCP_MAP, 24, 9), NONCE, 60_611), null);
  equal(decodePcpMap(changed(PCP_MAP, 36, 6), NONCE, 60_611), null);
  equal(decodePcpMap(changed(PCP_MAP, 1, 0x80), NONCE, 60_611), null, "an ANNOUNCE");
  equal(decodePcpMap(changed(PCP_MAP, 1, 0x01), NONCE, 60_611), null, "a request");
  equal(decodePcpMap(PCP_MAP.subarray(0, 59), NONCE, 60_611), null);
  equal(decodePcpMap(new Uint8Array(2_000), NONCE, 60_611), null);
  equal(decodePcpMap(new Uint8Array(0), NONCE, 60_611), null);
});

Deno.test("a PCP answer that refuses says so, and so does a router that knows NAT-PMP alone", () => {
  throws(() => decodePcpMap(changed(PCP_MAP, 3, 2), NONCE, 60_611), refused);
  throws(
    () => decodePcpMap(Uint8Array.fromHex("0080000100000000"), NONCE, 60_611),
    (error: PollenError) => error.code === "unsupported",
  );
  throws(
    () => decodePcpMap(changed(PCP_MAP, 44, 0x20, 0x01), NONCE, 60_611),
    (error: PollenError) => error.code === "malformed",
  );
});

Deno.test("NAT-PMP requests and answers have the bytes of RFC 6886, sections 3.2 and 3.3", () => {
  equal(ADDRESS_REQUEST.toHex(), "0000");
  equal(encodeNatPmpMap(WISH).toHex(), "00010000ecc3ecc400000e10");
  equal(decodeNatPmpAddress(NAT_PMP_ADDRESS), "203.0.113.9");
  deepEqual(decodeNatPmpMap(NAT_PMP_MAP, 60_611), { externalPort: 40_000, lifetimeSeconds: 1_200 });
});

Deno.test("a NAT-PMP answer to something else is none, and a refusal says so", () => {
  equal(decodeNatPmpAddress(NAT_PMP_MAP), null);
  equal(decodeNatPmpAddress(NAT_PMP_ADDRESS.subarray(0, 11)), null);
  equal(decodeNatPmpMap(NAT_PMP_ADDRESS, 60_611), null);
  equal(decodeNatPmpMap(NAT_PMP_MAP, 60_612), null);
  equal(decodeNatPmpMap(changed(NAT_PMP_MAP, 0, 2), 60_611), null);
  equal(decodeNatPmpMap(new Uint8Array(0), 60_611), null);
  throws(() => decodeNatPmpMap(Uint8Array.fromHex("0081000200000000"), 60_611), refused);
  throws(() => decodeNatPmpAddress(Uint8Array.fromHex("00800003")), refused);
});

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("an SSDP answer names the description, on the router alone", () => {
  const found = { ip: ROUTER, port: 5_000, path: "/rootDesc.xml?a=b" };
  deepEqual(decodeSsdp(bytes(SSDP), ROUTER), found);
  deepEqual(
    decodeSsdp(
      bytes(
        SSDP.replaceAll("\r\n", "\n").toLowerCase()
          .replace("http/1.1", "HTTP/1.1").replace("internetgatewaydevice", "InternetGatewayDevice")
          .replace("desc", "Desc"),
      ),
      ROUTER,
    ),
    found,
  );
  for (
    const location of [
      "http://192.168.1.2:5000/rootDesc.xml",
      "http://192.168.1.1.example.org/",
      "http://user@192.168.1.2/",
      "http://router/",
      "https://192.168.1.1/",
      "file:///etc/passwd",
      "unix:/run/x",
      "",
      `http://192.168.1.1/${"x".repeat(3_000)}`,
    ]
  ) {
    const answer = SSDP.replace(/LOCATION: .*/, `LOCATION: ${location}`);
    throws(() => decodeSsdp(bytes(answer), ROUTER), refused, location);
  }
});

Deno.test("an SSDP answer about another device, or that is none, is passed over", () => {
  const televison = SSDP.replace("InternetGatewayDevice", "MediaRenderer");
  for (const text of [televison, SSDP.replace("200 OK", "404 No"), "", "NOTIFY * HTTP/1.1"]) {
    equal(decodeSsdp(bytes(text), ROUTER), null);
  }
  equal(decodeSsdp(bytes(SSDP + "x".repeat(10_000)), ROUTER), null);
});
