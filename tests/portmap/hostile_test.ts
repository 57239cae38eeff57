// Somebody on the link who plays the router, and a router that means harm: nobody is believed but
// the router, nothing is fetched from anywhere else, and everything ends.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { exchange } from "../../lib/portmap/udp_exchange.ts";
import { askRouter } from "../../lib/portmap/router_http.ts";
import { findDescription } from "../../lib/portmap/ssdp.ts";
import { ignore, loopback } from "./loopback.ts";
import { PollenError, ROUTER_XML_LENGTH_MAX } from "../../lib/types/mod.ts";

const ME = "127.0.0.1";
const ROUTER = loopback(2);
const IMPOSTOR = loopback(3);
const GATEWAY = { ip: ROUTER, localIp: ME };
const never = new AbortController().signal;
const code = (expected: string) => (error: unknown) =>
  error instanceof PollenError && error.code === expected;

async function listen(ip: string, port: number): Promise<Socket & Disposable> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(port, ip, resolve));
  return Object.assign(socket, { [Symbol.dispose]: () => void socket.close() });
}

Deno.test({
  name: "an answer by PCP or NAT-PMP from anybody but the router is none",
  ignore,
  fn: async () => {
    using router = await listen(ROUTER, 5_351);
    using impostor = await listen(IMPOSTOR, 5_351);
    using otherPort = await listen(ROUTER, 0);
    let questions = 0;
    router.on("message", (_bytes, { port, address }) => {
      questions++;
      impostor.send("from another address", port, address);
      otherPort.send("from another port", port, address);
    });
    const heard: string[] = [];
    const decode = (bytes: Uint8Array) => {
      heard.push(new TextDecoder().decode(bytes));
      return true;
    };
    await rejects(exchange(GATEWAY, Uint8Array.of(1), decode, never), code("unreachable"));
    deepEqual(heard, []);
    equal(questions, 3);
    router.on("message", (_bytes, { port, address }) => router.send("yes", port, address));
    await exchange(GATEWAY, Uint8Array.of(1), decode, never);
    deepEqual(heard, ["yes"]);
  },
});

Deno.test({
  name: "an answer by SSDP from anybody but the router is none",
  ignore,
  fn: async () => {
    using router = await listen(ROUTER, 1_900);
    using impostor = await listen(IMPOSTOR, 1_900);
    const answer = (ip: string) =>
      "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n" +
      `LOCATION: http://${ip}:80/desc\r\n\r\n`;
    const stop = new AbortController();
    let patience: ReturnType<typeof setTimeout> | undefined;
    router.on("message", (_bytes, { port, address }) => {
      impostor.send(answer(ROUTER), port, address);
      impostor.send(answer(IMPOSTOR), port, address);
      patience ??= setTimeout(() => stop.abort(), 200);
    });
    await rejects(findDescription(GATEWAY, stop.signal), code("cancelled"));
    router.removeAllListeners("message");
    router.on("message", (_bytes, { port, address }) => router.send(answer(ROUTER), port, address));
    deepEqual(await findDescription(GATEWAY, never), { ip: ROUTER, port: 80, path: "/desc" });
  },
});

/** A web server that is the router's. */
function serve(handler: (request: Request) => Response) {
  const server = Deno.serve({ hostname: ME, port: 0, onListen() {} }, handler);
  return { at: { ip: ME, port: server.addr.port, path: "/desc" }, server };
}

Deno.test("a redirect is not followed", async () => {
  let visits = 0;
  const { at: elsewhere, server: other } = serve(() => {
    visits++;
    return new Response("secret");
  });
  const { at, server } = serve(() =>
    new Response("moved", {
      status: 302,
      headers: { location: `http://${ME}:${elsewhere.port}/` },
    })
  );
  deepEqual(await askRouter(at, {}, never), { status: 302, text: "moved" });
  equal(visits, 0);
  await Promise.all([server.shutdown(), other.shutdown()]);
});

Deno.test("an answer without end is cut off", async () => {
  let sent = 0;
  const { at, server } = serve(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent += 4_096;
          controller.enqueue(new Uint8Array(4_096));
        },
      }),
    )
  );
  await rejects(askRouter(at, {}, never), code("too_large"));
  equal(sent < 100 * ROUTER_XML_LENGTH_MAX, true);
  await server.shutdown();
});

Deno.test("what is no HTTP, and nobody at all, is no answer", async () => {
  using listener = Deno.listen({ hostname: ME, port: 0 });
  const serving = (async () => {
    const connection = await listener.accept();
    await connection.write(new TextEncoder().encode("SSH-2.0-nonsense\r\n\r\n"));
    connection.close();
  })();
  const at = { ip: ME, port: listener.addr.port, path: "/" };
  await rejects(askRouter(at, {}, never), code("unreachable"));
  await serving;
  listener.close();
  await rejects(askRouter(at, {}, never), code("unreachable"));
});

Deno.test("who is not asked any more ends at once", async () => {
  const stop = new AbortController();
  const { at, server } = serve(() => {
    queueMicrotask(() => stop.abort());
    return new Response(new ReadableStream());
  });
  await rejects(askRouter(at, {}, stop.signal), code("cancelled"));
  await rejects(askRouter(at, {}, stop.signal), code("cancelled"));
  await server.shutdown();
});
