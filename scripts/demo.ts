// The demo: two nodes on this machine as separate processes, joined by a real invite, and a web page
// of one fetched through the other. Every step is shown with the command that a person would type.
//
//   deno task demo           shows it and cleans up
//   deno task demo --keep    leaves it running until Ctrl-C, and says how to look around

import { Daemon, type Place, pollenOk, TemporaryFolder, until } from "./support/pollen_process.ts";

const PAGE = "<!doctype html><title>Pollen</title><h1>Hello from the other machine</h1>\n";
const DOWNLOAD_BYTES = 64 * 1024 * 1024;
/** Both nodes are on this machine and take any free UDP port. */
const LOCAL = ["--port", "0", "--ips", "127.0.0.1"] as const;

const isKept = Deno.args.includes("--keep");

function say(text: string): void {
  console.log(text);
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
}

/** Shows a command as typed on that machine, runs it, and shows what it took. */
async function show<T>(machine: string, command: string, work: () => Promise<T>): Promise<T> {
  const { result, ms } = await timed(work);
  say(`${`${machine}$ pollen ${command}`.padEnd(44)} ${ms.toFixed(0).padStart(5)} ms`);
  return result;
}

/** The web server that stands behind the service. */
function serveSite(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (new URL(request.url).pathname === "/download") {
      const chunk = new Uint8Array(1 << 16);
      let left = DOWNLOAD_BYTES;
      return new Response(
        new ReadableStream({
          pull(controller) {
            if (left === 0) return controller.close();
            left -= chunk.length;
            controller.enqueue(chunk);
          },
        }),
      );
    }
    return new Response(PAGE, { headers: { "content-type": "text/html" } });
  });
}

async function knowsService(place: Place, name: string): Promise<true | null> {
  const { services } = JSON.parse(await pollenOk(place, ["status", "--json"]));
  return services.some((service: { name: string }) => service.name === name) ? true : null;
}

async function fetchThrough(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}`;
  // A connection that is kept for later would keep its tunnel.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  const page = await timed(async () => await (await fetch(`${url}/`, { client })).text());
  if (page.result !== PAGE) throw new Error(`the page came out wrong: ${page.result}`);
  say(`\nalpha$ curl ${url}/`);
  say(page.result.trimEnd());
  say(`  ${PAGE.length} bytes in ${page.ms.toFixed(1)} ms, the first request through a new tunnel`);
  const download = await timed(async () => {
    let bytes = 0;
    for await (const chunk of (await fetch(`${url}/download`, { client })).body!) {
      bytes += chunk.length;
    }
    return bytes;
  });
  if (download.result !== DOWNLOAD_BYTES) throw new Error(`${download.result} bytes came through`);
  const rate = download.result / 1e6 / (download.ms / 1000);
  say(`  ${DOWNLOAD_BYTES} bytes in ${download.ms.toFixed(0)} ms: ${rate.toFixed(0)} MB/s`);
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      Deno.removeSignalListener("SIGINT", stop);
      resolve();
    };
    Deno.addSignalListener("SIGINT", stop);
  });
}

async function demo(): Promise<void> {
  await using folder = await TemporaryFolder.make();
  await using site = serveSite();
  const alpha: Place = { dir: await folder.folder("alpha") };
  const beta: Place = { dir: await folder.folder("beta") };
  const port = site.addr.port;

  say("Two machines, alpha and beta: two processes here, each with a state folder of its own.\n");
  await show("alpha", "init", () => pollenOk(alpha, ["init"]));
  await using _alphaDaemon = await show("alpha", "up &", () => Daemon.up(alpha, LOCAL));
  const token = await show("alpha", "invite", () => pollenOk(alpha, ["invite"]));
  await show(
    "beta",
    `join ${token.slice(0, 12)}… --no-start`,
    () => pollenOk(beta, ["join", "--no-start", token]),
  );
  await using betaDaemon = await show("beta", "up &", () => Daemon.up(beta, LOCAL));
  await betaDaemon.waitForLog(/peer connected/);
  await show("beta", `serve ${port} api`, () => pollenOk(beta, ["serve", String(port), "api"]));
  await until("alpha knows the service", () => knowsService(alpha, "api"));
  const forward = await show("alpha", "connect api", () => pollenOk(alpha, ["connect", "api"]));
  say(`  ${forward}`);
  const localPort = Number(/127\.0\.0\.1:(\d+)/.exec(forward)?.[1]);
  await fetchThrough(localPort);
  say(`\nalpha$ pollen status\n${await pollenOk(alpha, ["status"])}`);

  if (isKept) {
    say(`\nBoth nodes go on running. The page: http://127.0.0.1:${localPort}/`);
    say(`Look around: deno task pollen status --dir ${alpha.dir}`);
    say(`             deno task pollen status --dir ${beta.dir}`);
    say("Ctrl-C ends them and removes the folders.");
    await untilInterrupted();
  }
  say("\nStopping both nodes and removing their folders.");
}

await demo();
say("Done.");
