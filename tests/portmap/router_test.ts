// Port mappings on a real router: Linux with nftables and miniupnpd, in namespaces of their own.

import { deepEqual, equal } from "node:assert/strict";
import { ROOT, until } from "../../scripts/support/pollen_process.ts";
import { command } from "../../scripts/support/namespaces.ts";
import { Home, homeTest, type Router } from "./home.ts";

/** As long as a router keeps a mapping that nobody prolongs. */
const LIFETIME_MS = 3_000;
const PROTOCOLS = ["pcp", "nat_pmp", "upnp"] as const;

interface Line {
  readonly address?: { readonly ip: string; readonly port: number } | null;
  readonly granted?: number;
  readonly level?: string;
}

/** A mapper on the home's machine. */
class Mapper implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(home: Home, protocols: string, port: number) {
    const [program, ...args] = [...home.inside, Deno.execPath(), "run", "-A", "--quiet"];
    this.#child = new Deno.Command(program!, {
      args: [
        ...[...args, "--config", `${ROOT}/deno.json`, `${ROOT}/tests/portmap/mapper_process.ts`],
        ...[protocols, String(port), String(LIFETIME_MS)],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.lines.push(...lines.map((line) => JSON.parse(line)));
    }
  }

  /** Every address that was told, in order. */
  get told(): NonNullable<Line["address"]>[] {
    return this.lines.flatMap(({ address }) => address ? [address] : []);
  }

  /** How often the router granted the port. */
  get grants(): number {
    return this.lines.filter(({ granted }) => granted !== undefined).length;
  }

  /** Waits for the first address. */
  mapped(): Promise<{ readonly ip: string; readonly port: number }> {
    return until("a mapping", () => Promise.resolve(this.told[0] ?? null));
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
    await this.#reading;
  }
}

const KNOCK = `
  import { createSocket } from "node:dgram";
  const [ip, port] = Deno.args;
  const socket = createSocket("udp4");
  socket.on("message", (bytes, { address }) => {
    console.log(address, bytes.toString());
    Deno.exit(0);
  });
  setInterval(() => socket.send("knock", Number(port), ip), 100);
  setTimeout(() => Deno.exit(1), 10_000);
`;

/** What comes back when somebody on the Internet sends a packet there. */
async function knock(home: Home, ip: string, port: number): Promise<string> {
  const words = [...home.outside, Deno.execPath(), "eval", "--quiet", KNOCK, ip, String(port)];
  return (await command(words)).trim();
}

async function isGone(router: Router, port: number): Promise<void> {
  await until("the mapping is gone", async () => await router.leads(port) ? null : true);
}

homeTest("by each protocol others get in, for as long as we are there", async () => {
  await using home = await Home.make();
  const router = await home.addRouter({ outerNet: "5.5.5", hasMappings: true });
  await Promise.all(PROTOCOLS.map(async (protocol, index) => {
    const port = 60_611 + index;
    {
      await using mapper = new Mapper(home, protocol, port);
      deepEqual(await mapper.mapped(), { ip: router.outerIp, port });
      const mappedAt = performance.now();
      equal(await knock(home, router.outerIp, port), `${router.outerIp} knock`);
      await until("it would be over by now", () => {
        const isLater = performance.now() - mappedAt > 1.2 * LIFETIME_MS;
        return Promise.resolve(isLater && mapper.grants > 2 || null);
      });
      equal(await router.leads(port), true, `${protocol}: it was prolonged`);
    }
    equal(await router.leads(port), false, `${protocol}: at the end it is taken away`);

    await using killed = new Mapper(home, protocol, port);
    await killed.mapped();
    killed.kill();
    await using next = new Mapper(home, protocol, port);
    deepEqual(
      await next.mapped(),
      { ip: router.outerIp, port },
      `${protocol}: the same for the next`,
    );
    next.kill();
    await isGone(router, port);
  }));
});

homeTest("another router: the old one forgets, the new one lets in", async () => {
  await using home = await Home.make();
  const old = await home.addRouter({ outerNet: "5.5.5", hasMappings: true });
  await using mapper = new Mapper(home, "pcp", 60_611);
  await mapper.mapped();
  const fresh = await home.addRouter({ outerNet: "5.5.6", hasMappings: true });
  await until("the new mapping", async () => await fresh.leads(60_611) || null);
  await isGone(old, 60_611);
  await until("it is told", () => Promise.resolve(mapper.told.length > 1 || null));
  deepEqual([...new Set(mapper.told.map(({ ip }) => ip))], [old.outerIp, fresh.outerIp]);
});

homeTest("a router that offers nothing is no line of the usual log", async () => {
  await using home = await Home.make();
  await home.addRouter({ outerNet: "5.5.5", hasMappings: false });
  await using mapper = new Mapper(home, "pcp", 60_611);
  await until("the first word", () => Promise.resolve(mapper.lines.length > 0 || null));
  deepEqual(mapper.lines.map(({ level }) => level), ["debug"]);
});
