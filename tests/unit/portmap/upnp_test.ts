// What is read of a router's UPnP description and answers, careless or hostile.

import { deepEqual, equal, throws } from "node:assert/strict";
import { readDescription, readSoap, soapCall } from "../../../lib/portmap/upnp.ts";
import { parseXml, textOf } from "../../../lib/portmap/xml.ts";
import { PollenError, ROUTER_XML_LENGTH_MAX } from "../../../lib/types/mod.ts";
import { DESCRIPTION, ROUTER, SOAP, SOAP_FAULT } from "./samples.ts";

const AT = { ip: ROUTER, port: 5_000, path: "/desc/root.xml" };
const TYPE = "urn:schemas-upnp-org:service:WANIPConnection:1";
const code = (expected: string) => (error: unknown) =>
  error instanceof PollenError && error.code === expected;

Deno.test("the service that maps ports is found, however deep", () => {
  deepEqual(readDescription(DESCRIPTION, AT), {
    type: TYPE,
    control: { ip: ROUTER, port: 5_000, path: "/ctl/IPConn" },
  });
  const relative = readDescription(DESCRIPTION.replace("/ctl/IPConn", "ctl"), AT);
  equal(relative.control.path, "/desc/ctl");
  const based = DESCRIPTION.replace("<device>", `<URLBase>http://${ROUTER}:81/</URLBase><device>`);
  equal(readDescription(based, AT).control.port, 81);
});

Deno.test("calls go to the router and nowhere else", () => {
  for (const url of ["http://192.168.1.2/ctl", "//192.168.1.2/ctl", "https://192.168.1.1/ctl"]) {
    throws(
      () => readDescription(DESCRIPTION.replace("/ctl/IPConn", url), AT),
      code("refused"),
      url,
    );
  }
  const base = DESCRIPTION.replace("<device>", "<URLBase>http://10.0.0.1/</URLBase><device>");
  throws(() => readDescription(base, AT), code("refused"));
});

Deno.test("a router without such a service is said to be one", () => {
  const other = DESCRIPTION.replace("WANIPConnection", "WANCommonInterfaceConfig");
  for (const text of [other, "", "<html><p>Not found</html>", "no XML at all"]) {
    throws(() => readDescription(text, AT), code("unsupported"), text);
  }
});

Deno.test("an answer is read by its name, and a refusal by its code", () => {
  equal(textOf(readSoap(SOAP, "GetExternalIPAddress"), "newexternalipaddress"), "203.0.113.9");
  throws(
    () => readSoap(SOAP_FAULT, "AddPortMapping"),
    (error: PollenError) => error.details["upnpError"] === 718,
  );
  throws(() => readSoap(SOAP, "AddPortMapping"), code("malformed"));
  throws(() => readSoap("", "AddPortMapping"), code("malformed"));
});

Deno.test("a call has the shape that routers expect", () => {
  equal(
    soapCall(TYPE, "DeletePortMapping", { NewRemoteHost: "", NewExternalPort: 5 }),
    '<?xml version="1.0"?>\r\n' +
      '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
      's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
      `<u:DeletePortMapping xmlns:u="${TYPE}"><NewRemoteHost></NewRemoteHost>` +
      "<NewExternalPort>5</NewExternalPort></u:DeletePortMapping></s:Body></s:Envelope>\r\n",
  );
});

Deno.test("XML is bounded in length, depth and number", () => {
  throws(() => parseXml("x".repeat(ROUTER_XML_LENGTH_MAX + 1)), code("too_large"));
  throws(() => parseXml("<a>".repeat(33)), code("too_large"));
  throws(() => parseXml(`<r>${"<a/>".repeat(3_000)}</r>`), code("too_large"));
});

Deno.test("entities of a document's own stand for nothing", () => {
  const bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c SYSTEM "file:///etc/passwd">]>' +
    "<a>&b;&c;</a>";
  equal(textOf(parseXml(bomb), "a"), "&b;&c;");
});
