// A link that is cut and comes back, in two network namespaces: the session outlives it, and the
// tunnel carries again without a command. Needs root on Linux.

import { equal } from "node:assert/strict";
import { Daemon, pollenOk, TemporaryFolder, until } from "../../scripts/support/pollen_process.ts";
import { command, type Host, HostPair } from "../../scripts/support/namespaces.ts";
import { status } from "./support/network.ts";

const CUT_MS = 5_000;
const MTU = 1_500;
const PORT = 7_000;

/** An echo server that runs in that host, in a process of its own. */
function serveEcho(host: Host): AsyncDisposable {
  const script = `
    for await (const connection of Deno.listen({ hostname: "127.0.0.1", port: ${PORT} })) {
      void connection.readable.pipeTo(connection.writable).catch(() => {});
    }`;
  const [program, ...args] = [...host.prefix, Deno.execPath(), "eval", script];
  const child = new Deno.Command(program!, { args, stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** A client in that host that keeps one connection, writes a word twice a second and prints when it comes back. */
function startClient(
  host: Host,
): { child: Deno.ChildProcess; answers: () => number; done: Promise<void> } {
  const script = `
    const connection = await Deno.connect({ port: ${PORT} });
    const buffer = new Uint8Array(100);
    for (;;) {
      await connection.write(new TextEncoder().encode("word"));
      await connection.read(buffer);
      console.log("answer");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }`;
  const [program, ...args] = [...host.prefix, Deno.execPath(), "eval", script];
  const child = new Deno.Command(program!, { args, stdin: "null", stdout: "piped", stderr: "null" })
    .spawn();
  let count = 0;
  const done = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      count += text.split("answer").length - 1;
    }
  })();
  return { child, answers: () => count, done };
}

Deno.test({
  name: "a tunnel's own connection outlives a link that is cut for five seconds",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await using folder = await TemporaryFolder.make();
    await using hosts = await HostPair.make(MTU);
    const { left, right } = hosts;
    const leftPlace = { dir: await folder.folder("left"), prefix: left.prefix };
    const rightPlace = { dir: await folder.folder("right"), prefix: right.prefix };
    await pollenOk(leftPlace, ["init"]);
    await using leftDaemon = await Daemon.up(leftPlace);
    await pollenOk(rightPlace, ["join", "--no-start", await pollenOk(leftPlace, ["invite"])]);
    await using rightDaemon = await Daemon.up(rightPlace);
    await rightDaemon.waitForLog(/peer connected/);
    await using _echo = serveEcho(right);
    await pollenOk(rightPlace, ["serve", String(PORT), "echo"]);
    await until("the service is known", async () => {
      const { services } = await status(leftPlace);
      return services.length > 0 ? true : null;
    });
    await pollenOk(leftPlace, ["connect", "echo"]);

    const client = startClient(left);
    try {
      await until("the tunnel works", () => Promise.resolve(client.answers() > 3 ? true : null));
      await command([...right.prefix, "ip", "link", "set", "eth0", "down"]);
      // The length of the cut is what is tested: nothing tells when five seconds are over.
      await new Promise((resolve) => setTimeout(resolve, CUT_MS));
      await command([...right.prefix, "ip", "link", "set", "eth0", "up"]);
      const before = client.answers();
      const start = performance.now();
      await until(
        "the same connection works again",
        () => Promise.resolve(client.answers() > before ? true : null),
      );
      console.log(`  traffic again ${(performance.now() - start).toFixed(0)} ms after the cut`);
      equal(leftDaemon.log.filter((line) => /peer disconnected/.test(line)).length, 0);
    } finally {
      client.child.kill("SIGKILL");
      await client.child.status;
      await client.done;
    }
  },
});
