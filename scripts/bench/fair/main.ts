// Fair shares: what a bulk transfer costs others, on three real nodes of this machine. One serves,
// two connect; load comes from processes of its own.
//
//   deno task bench:fair [--rounds N] [--seconds N]
//
// Prints the median of the rounds and a verdict; exits 1 when a mark is missed.

import { parseArgs } from "node:util";
import { Daemon, pollenOk, TemporaryFolder, until } from "../../support/pollen_process.ts";
import { fromFileUrl } from "../../paths.ts";

/** How much longer a 64-byte echo may take beside a bulk transfer, in milliseconds. */
const ECHO_MARK_MS = 2;
/** How far each of two transfers may be from half of what both move. */
const SPLIT_MARK = 0.2;
const ECHO_BYTES = 64;
/** Echoes before one is timed. */
const WARM_UP = 50;
const LOCAL = ["--port", "0", "--ips", "127.0.0.1"];

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);

const LOAD = fromFileUrl(new URL("load.ts", import.meta.url));

function spawn(args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", LOAD, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Counts what arrives from each source. */
class Sink implements AsyncDisposable {
  readonly #child = spawn(["sink"]);
  readonly #lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  readonly #asking = this.#child.stdin.getWriter();

  async line(): Promise<string> {
    const { value } = await this.#lines.read();
    return value!;
  }

  async received(): Promise<Record<string, number>> {
    await this.#asking.write(new TextEncoder().encode("\n"));
    return JSON.parse(await this.line());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asking.close();
    await this.#lines.cancel();
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

/** Writes to ports from now on, to each under a number. */
function source(...targets: readonly (readonly [port: number, id: number])[]): AsyncDisposable {
  const child = spawn(["source", ...targets.flat().map(String)]);
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    },
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** MB/s of each source while the time passes; both must have begun. */
async function rates(sink: Sink, ids: readonly number[]): Promise<number[]> {
  await until("the sources write", async () => {
    const received = await sink.received();
    return ids.every((id) => (received[id] ?? 0) > 8e6) ? true : null;
  });
  const [before, start] = [await sink.received(), performance.now()];
  await sleep(seconds * 1000);
  const [after, passed] = [await sink.received(), (performance.now() - start) / 1000];
  return ids.map((id) => (after[id]! - before[id]!) / 1e6 / passed);
}

/** The mean time of an echo through the port, in milliseconds: what is slow at times counts too. */
async function echo(port: number): Promise<number> {
  using connection = await Deno.connect({ port });
  connection.setNoDelay(true);
  const bytes = new Uint8Array(ECHO_BYTES);
  const exchange = async () => {
    await connection.write(bytes);
    for (let at = 0; at < ECHO_BYTES;) at += (await connection.read(bytes))!;
  };
  for (let count = 0; count < WARM_UP; count++) await exchange();
  const start = performance.now();
  let count = 0;
  for (; performance.now() < start + seconds * 1000; count++) await exchange();
  return (performance.now() - start) / count;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

async function serve(daemon: Daemon, port: number, name: string): Promise<void> {
  await pollenOk(daemon.place, ["serve", String(port), name]);
}

async function connect(daemon: Daemon, name: string): Promise<number> {
  const text = await until(`${name} is known`, async () => {
    const { services } = JSON.parse(await pollenOk(daemon.place, ["status", "--json"]));
    const isKnown = services.some((service: { name: string }) => service.name === name);
    return isKnown ? await pollenOk(daemon.place, ["connect", name]) : null;
  });
  return Number(/127\.0\.0\.1:(\d+)/.exec(text)![1]);
}

async function member(folder: TemporaryFolder, name: string, root: Daemon): Promise<Daemon> {
  const place = { dir: await folder.folder(name) };
  await pollenOk(place, ["join", "--no-start", await pollenOk(root.place, ["invite"])]);
  const daemon = await Daemon.up(place, LOCAL);
  await daemon.waitForLog(/peer connected/);
  return daemon;
}

/** One figure of every round. */
interface Row {
  readonly title: string;
  readonly unit: string;
  readonly mark: number;
  readonly values: number[];
}

async function bench(): Promise<boolean> {
  await using folder = await TemporaryFolder.make();
  const place = { dir: await folder.folder("root") };
  await pollenOk(place, ["init"]);
  await using root = await Daemon.up(place, LOCAL);
  await using one = await member(folder, "one", root);
  await using two = await member(folder, "two", root);
  await using sink = new Sink();
  const sinkPort = Number(await sink.line());
  using echoing = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void (async () => {
    for await (const connection of echoing) {
      connection.setNoDelay(true);
      void connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  })();
  await serve(root, sinkPort, "sink");
  await serve(root, echoing.addr.port, "echo");
  const ports = {
    bulk: await connect(one, "sink"),
    echo: await connect(one, "echo"),
    otherBulk: await connect(two, "sink"),
    otherEcho: await connect(two, "echo"),
  };

  const far = (shares: readonly number[]) => {
    const half = (shares[0]! + shares[1]!) / 2;
    return Math.abs(shares[0]! - half) / half;
  };
  const rows: Row[] = [
    { title: "echo beside a transfer of the same session", unit: "ms more", mark: ECHO_MARK_MS },
    { title: "echo beside a transfer of another session", unit: "ms more", mark: ECHO_MARK_MS },
    { title: "two transfers of one session: off half", unit: "of it", mark: SPLIT_MARK },
    { title: "transfers of two sessions: off half", unit: "of it", mark: SPLIT_MARK },
  ].map((row) => ({ ...row, values: [] }));
  let nextId = 0;
  for (let round = 1; round <= rounds; round++) {
    const [alone, otherAlone] = [await echo(ports.echo), await echo(ports.otherEcho)];
    const said: string[] = [];
    {
      const id = ++nextId;
      await using _bulk = source([ports.bulk, id]);
      const [rate] = await rates(sink, [id]);
      const beside = [await echo(ports.echo), await echo(ports.otherEcho)];
      rows[0]!.values.push(beside[0]! - alone);
      rows[1]!.values.push(beside[1]! - otherAlone);
      said.push(`bulk ${rate!.toFixed(0)} MB/s, echo ${alone.toFixed(2)} ms`);
      said.push(`beside it ${beside.map((ms) => ms.toFixed(2)).join(" and ")} ms`);
    }
    for (
      const [row, title, other] of [[2, "one session", ports.bulk], [
        3,
        "two",
        ports.otherBulk,
      ]] as const
    ) {
      const ids = [++nextId, ++nextId];
      await using _both = source([ports.bulk, ids[0]!], [other, ids[1]!]);
      const shares = await rates(sink, ids);
      rows[row]!.values.push(far(shares));
      said.push(`${title} ${shares.map((share) => share.toFixed(0)).join(" + ")} MB/s`);
    }
    console.log(`round ${round}: ${said.join(", ")}`);
  }

  console.log(`\nMedian of ${rounds} rounds of ${seconds} s each.`);
  const verdicts = rows.map(({ title, unit, mark, values }) => {
    const value = median(values);
    const verdict = value <= mark ? "met" : "MISSED";
    const figures = `${value.toFixed(2).padStart(7)} ${unit.padEnd(8)}`;
    console.log(`${title.padEnd(46)}${figures} at most ${mark}: ${verdict}`);
    return value <= mark;
  });
  return verdicts.every((isMet) => isMet);
}

if (import.meta.main) Deno.exit(await bench() ? 0 : 1);
