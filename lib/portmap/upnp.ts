// UPnP IGD, versions 1 and 2: the description of the router, and calls to the service in it that
// keeps its port mappings (WANIPConnection, WANPPPConnection).

import { isIpLiteral, isPort, PollenError, ROUTER_OTHER_PORTS_MAX } from "../types/mod.ts";
import { askRouter, type RouterUrl, routerUrl } from "./router_http.ts";
import { findDescription } from "./ssdp.ts";
import type { Gateway, MappingClient, MappingWish } from "./types.ts";
import { elementsOf, parseXml, textOf, type XmlElement } from "./xml.ts";

/** The services that map ports, best first. */
const SERVICES = [
  "urn:schemas-upnp-org:service:WANIPConnection:2",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
];
/** The one that finds a free port by itself. */
const FINDS_PORTS = SERVICES[0]!;

/** Error codes (WANIPConnection:2, section 2.5). */
const CONFLICT = 718;
const ONLY_PERMANENT = 725;

/** Other outer ports come from those that no program has by right (RFC 6335). */
const OTHER_PORT_MIN = 49_152;

/** Where calls go. */
export interface MappingService {
  readonly type: string;
  readonly control: RouterUrl;
}

/**
 * The service that maps ports in a router's description.
 *
 * @throws {PollenError} `unsupported` without one, `refused` when it is on another machine,
 *   `malformed`, `too_large`.
 */
export function readDescription(text: string, at: RouterUrl): MappingService {
  const document = parseXml(text);
  const services = elementsOf(document, "service");
  for (const type of SERVICES) {
    const service = services.find((each) => textOf(each, "servicetype") === type);
    const path = service === undefined ? null : textOf(service, "controlurl");
    if (path === null) continue;
    const root = textOf(document, "urlbase");
    const base = root === null || root === "" ? at : routerUrl(root, at.ip);
    return { type, control: routerUrl(path, at.ip, base) };
  }
  throw new PollenError("unsupported", "The router maps no ports by UPnP.");
}

/** The body of a call. The values are ours: numbers, an address, a name. */
export function soapCall(type: string, action: string, values: Readonly<Record<string, unknown>>) {
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
  return '<?xml version="1.0"?>\r\n' +
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">' +
    `<s:Body><u:${action} xmlns:u="${type}">${fields.join("")}</u:${action}></s:Body>` +
    "</s:Envelope>\r\n";
}

/**
 * The answer to a call.
 *
 * @throws {PollenError} `refused` with the router's code in `details.upnpError`, `malformed`.
 */
export function readSoap(text: string, action: string): XmlElement {
  const document = parseXml(text);
  const answer = elementsOf(document, `${action}Response`.toLowerCase())[0];
  if (answer !== undefined) return answer;
  const code = Number(textOf(document, "errorcode") ?? NaN);
  if (!Number.isInteger(code)) {
    throw new PollenError("malformed", "The router's answer by UPnP is none.");
  }
  throw new PollenError("refused", `The router refused by UPnP, with code ${code}.`, {
    details: { upnpError: code },
  });
}

/** Asks by UPnP. `uniform` chooses ports when the one wished for is taken. */
export function upnpClient(uniform: () => number): MappingClient {
  /** Found once for each router, and looked for again after a failure. */
  let known: { readonly routerIp: string; readonly service: MappingService } | null = null;

  const serviceOf = async (gateway: Gateway, signal: AbortSignal): Promise<MappingService> => {
    if (known?.routerIp === gateway.ip) return known.service;
    const at = await findDescription(gateway, signal);
    const { text } = await askRouter(at, {}, signal);
    const service = readDescription(text, at);
    known = { routerIp: gateway.ip, service };
    return service;
  };

  return {
    protocol: "upnp",
    async map(wish, signal) {
      try {
        const service = await serviceOf(wish.gateway, signal);
        const ip = await externalIp(service, signal);
        const { port, lifetimeMs } = await add(service, wish, uniform, signal);
        return {
          protocol: "upnp",
          gateway: wish.gateway,
          internalPort: wish.internalPort,
          external: { ip, port },
          lifetimeMs,
        };
      } catch (thrown) {
        known = null;
        throw thrown;
      }
    },
    async unmap({ gateway, external }, signal) {
      const service = await serviceOf(gateway, signal);
      const values = {
        NewRemoteHost: "",
        NewExternalPort: external.port,
        NewProtocol: "UDP",
      };
      await call(service, "DeletePortMapping", values, signal);
    },
  };
}

async function externalIp(service: MappingService, signal: AbortSignal): Promise<string> {
  const answer = await call(service, "GetExternalIPAddress", {}, signal);
  const ip = textOf(answer, "newexternalipaddress") ?? "";
  if (isIpLiteral(ip)) return ip;
  throw new PollenError("malformed", "The router does not know its own address.");
}

/** Makes the mapping, on another port or for ever where the router wants it so. */
async function add(
  service: MappingService,
  { gateway, internalPort, externalPort, lifetimeMs }: MappingWish,
  uniform: () => number,
  signal: AbortSignal,
): Promise<{ port: number; lifetimeMs: number | null }> {
  let port = externalPort;
  let lifetime: number | null = lifetimeMs;
  for (let others = 0;;) {
    try {
      const action = service.type === FINDS_PORTS ? "AddAnyPortMapping" : "AddPortMapping";
      const values = {
        NewRemoteHost: "",
        NewExternalPort: port,
        NewProtocol: "UDP",
        NewInternalPort: internalPort,
        NewInternalClient: gateway.localIp,
        NewEnabled: 1,
        NewPortMappingDescription: "pollen",
        NewLeaseDuration: (lifetime ?? 0) / 1_000,
      };
      const answer = await call(service, action, values, signal);
      const reserved = Number(textOf(answer, "newreservedport") ?? port);
      return { port: isPort(reserved) ? reserved : port, lifetimeMs: lifetime };
    } catch (thrown) {
      const code = thrown instanceof PollenError ? thrown.details["upnpError"] : undefined;
      if (code === ONLY_PERMANENT && lifetime !== null) lifetime = null;
      else if (code === CONFLICT && others++ < ROUTER_OTHER_PORTS_MAX) {
        port = OTHER_PORT_MIN + Math.floor(uniform() * (65_536 - OTHER_PORT_MIN));
      } else throw thrown;
    }
  }
}

async function call(
  { type, control }: MappingService,
  action: string,
  values: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<XmlElement> {
  const headers = {
    "content-type": 'text/xml; charset="utf-8"',
    "soapaction": `"${type}#${action}"`,
  };
  const body = soapCall(type, action, values);
  return readSoap((await askRouter(control, { headers, body }, signal)).text, action);
}
