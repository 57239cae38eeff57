// The UPnP client with a router of version 1, which has its own ideas: leases for ever alone, and
// the port taken. miniupnpd, in the other tests, grants everything.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { upnpClient } from "../../lib/portmap/mod.ts";
import { elementsOf, parseXml, textOf } from "../../lib/portmap/xml.ts";
import { PollenError } from "../../lib/types/mod.ts";
import { ignore, loopback } from "./loopback.ts";
import { DESCRIPTION, SOAP } from "../unit/portmap/samples.ts";

const ROUTER = loopback(2);
const WISH = {
  gateway: { ip: ROUTER, localIp: "127.0.0.1" },
  internalPort: 60_611,
  externalPort: 60_611,
  lifetimeMs: 1_200_000,
};

interface Call {
  readonly action: string;
  readonly port: number;
  readonly lease: number;
}

/** A router that answers calls with an error code, or 0 for granted. */
class OldRouter implements AsyncDisposable {
  readonly calls: Call[] = [];
  searches = 0;
  readonly #ssdp = createSocket("udp4");
  readonly #http: Deno.HttpServer<Deno.NetAddr>;

  private constructor(readonly judge: (call: Call) => number) {
    this.#http = Deno.serve(
      { hostname: ROUTER, port: 0, onListen() {} },
      (request) => this.#answer(request),
    );
    const { port } = this.#http.addr;
    this.#ssdp.on("message", (_bytes, { port: to, address }) => {
      this.searches++;
      const answer = "HTTP/1.1 200 OK\r\n" +
        "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n" +
        `LOCATION: http://${ROUTER}:${port}/desc\r\n\r\n`;
      this.#ssdp.send(answer, to, address);
    });
  }

  static async start(judge: (call: Call) => number): Promise<OldRouter> {
    const router = new OldRouter(judge);
    await new Promise<void>((resolve) => router.#ssdp.bind(1_900, ROUTER, resolve));
    return router;
  }

  async #answer(request: Request): Promise<Response> {
    if (request.method === "GET") return new Response(DESCRIPTION);
    const action = /#(\w+)"$/.exec(request.headers.get("soapaction") ?? "")![1]!;
    if (action === "GetExternalIPAddress") return new Response(SOAP);
    const body = parseXml(await request.text());
    equal(elementsOf(body, action.toLowerCase()).length, 1);
    const number = (name: string) => Number(textOf(body, name) ?? NaN);
    const call = { action, port: number("newexternalport"), lease: number("newleaseduration") };
    this.calls.push(call);
    const code = this.judge(call);
    return code === 0
      ? new Response(`<e><b><u:${action}Response/></b></e>`)
      : new Response(`<e><UPnPError><errorCode>${code}</errorCode></UPnPError></e>`, {
        status: 500,
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ssdp.close();
    await this.#http.shutdown();
  }
}

const never = new AbortController().signal;

Deno.test({
  name: "a router that knows leases for ever alone gets one, and is told when it is over",
  ignore,
  fn: async () => {
    await using router = await OldRouter.start(({ lease }) => lease > 0 ? 725 : 0);
    const client = upnpClient(() => 0);
    const mapping = await client.map(WISH, never);
    deepEqual(mapping, {
      protocol: "upnp",
      gateway: WISH.gateway,
      internalPort: 60_611,
      external: { ip: "203.0.113.9", port: 60_611 },
      lifetimeMs: null,
    });
    await client.unmap(mapping, never);
    deepEqual(router.calls.map(({ action, port, lease }) => [action, port, lease]), [
      ["AddPortMapping", 60_611, 1_200],
      ["AddPortMapping", 60_611, 0],
      ["DeletePortMapping", 60_611, NaN],
    ]);
  },
});

Deno.test({
  name: "a port that is somebody else's is left to him, and another one is tried, a few times",
  ignore,
  fn: async () => {
    let others = 1;
    await using router = await OldRouter.start(({ port }) =>
      port === 60_611 || others-- > 0 ? 718 : 0
    );
    const draws = [0, 0.5, 0.25, 0.75, 0.1, 0.2];
    const client = upnpClient(() => draws.shift()!);
    const { external } = await client.map(WISH, never);
    deepEqual(router.calls.map(({ port }) => port), [60_611, 49_152, 57_344]);
    equal(external.port, 57_344);

    others = 1_000;
    router.calls.length = 0;
    const isRefused = (error: unknown) => error instanceof PollenError && error.code === "refused";
    await rejects(client.map(WISH, never), isRefused);
    equal(router.calls.length, 5);
  },
});

Deno.test({
  name: "the router is looked for once, and again after it failed",
  ignore,
  fn: async () => {
    let code = 0;
    await using router = await OldRouter.start(() => code);
    const client = upnpClient(() => 0);
    await client.map(WISH, never);
    const { searches } = router;
    await client.map(WISH, never);
    equal(router.searches, searches);
    code = 501;
    await rejects(client.map(WISH, never));
    code = 0;
    await client.map(WISH, never);
    equal(router.searches > searches, true);
  },
});
