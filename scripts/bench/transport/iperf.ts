// The native load on TCP: iperf3, which neither end of a transport has to be.

import { until } from "../../support/pollen_process.ts";
import { command } from "../../support/namespaces.ts";
import type { Side } from "./places.ts";

/** Seconds at the beginning that are not counted. */
export const IPERF_WARM_UP = 1;

export interface IperfLoad {
  readonly streams: number;
  readonly seconds: number;
  /** The kernel's congestion control of that name; else its usual one. */
  readonly congestion?: string;
}

/** An iperf3 that serves on a side. */
export class IperfServer implements AsyncDisposable {
  private constructor(
    readonly port: number,
    readonly side: Side,
    readonly child: Deno.ChildProcess,
  ) {}

  static async start(side: Side): Promise<IperfServer> {
    const port = freePort();
    const [program, ...args] = [...side.prefix, "iperf3", "-s", "-p", String(port)];
    const child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until("iperf3 listens", async () => {
      const listening = await command([...side.prefix, "ss", "-Hltn"]);
      return listening.includes(`:${port} `) ? true : null;
    });
    return new IperfServer(port, side, child);
  }

  /** MB/s that arrive here from the client's side, by way of the target. */
  async measure(
    client: Side,
    target: { readonly ip: string; readonly port: number },
    { streams, seconds, congestion }: IperfLoad,
  ): Promise<number> {
    await this.#untilIdle();
    const text = await command([
      ...client.prefix,
      ...["iperf3", "-J", "-Z", "-c", target.ip, "-p", String(target.port)],
      ...["-P", String(streams), "-t", String(seconds), "-O", String(IPERF_WARM_UP)],
      ...congestion === undefined ? [] : ["-C", congestion],
    ]);
    const { error, end } = JSON.parse(text);
    if (error !== undefined) throw new Error(`iperf3 failed: ${error}`);
    return end.sum_received.bits_per_second / 8e6;
  }

  /** It serves one client at a time, and turns away who comes before the last one is gone. */
  async #untilIdle(): Promise<void> {
    const filter = ["state", "established", `( sport = :${this.port} )`];
    await until("iperf3 is idle", async () => {
      const busy = await command([...this.side.prefix, "ss", "-Htn", ...filter]);
      return busy === "" ? true : null;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.status;
  }
}

/** One that nobody listens on here and now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
