// A transport between two processes of their own, dialled and ready for each measurement.

import { Callee } from "./calls.ts";
import { cpuSeconds, pause } from "./figures.ts";
import { IPERF_WARM_UP, type IperfServer } from "./iperf.ts";
import type { PeerCalls } from "./peer.ts";
import type { Place } from "./places.ts";
import type { Target } from "./transport.ts";
import type { TransportName } from "./transports.ts";

/** What pouring for a while came to. */
export interface Bulk {
  /** MB/s that arrived. */
  readonly rate: number;
  /** CPU seconds per GB, of the end that sends and of the one that receives. */
  readonly cpuSending: number;
  readonly cpuReceiving: number;
}

/** Seconds before the rate of streams that JavaScript pours on is counted. */
const WARM_UP = 0.7;

export class Pair implements AsyncDisposable {
  private constructor(
    readonly client: Callee<PeerCalls>,
    readonly server: Callee<PeerCalls>,
    readonly target: Target,
    readonly place: Place,
  ) {}

  /** `bridgePort`: where forwards through this pair lead, on the server's side. */
  static async open(name: TransportName, place: Place, bridgePort = 0): Promise<Pair> {
    await using opened = new AsyncDisposableStack();
    const open = ({ ip, prefix }: Place["client"]) =>
      opened.use(new Callee<PeerCalls>({ script: "peer.ts", args: [name, ip], prefix }));
    const server = open(place.server);
    const client = open(place.client);
    const target = await server.call("serve", { ip: place.server.ip, bridgePort });
    await client.call("dial", target);
    opened.move();
    return new Pair(client, server, target, place);
  }

  /** Bulk that JavaScript writes and reads. */
  async pour(streams: number, seconds: number): Promise<Bulk> {
    await this.client.call("pour", streams);
    await pause(WARM_UP);
    const look = async () => ({
      bytes: await this.server.call("droppedBytes"),
      at: performance.now(),
      sending: cpuSeconds(this.client.pid),
      receiving: cpuSeconds(this.server.pid),
    });
    const before = await look();
    await pause(seconds);
    const after = await look();
    await this.client.call("stopPouring");
    const gigabytes = (after.bytes - before.bytes) / 1e9;
    return {
      rate: gigabytes * 1e6 / (after.at - before.at),
      cpuSending: (after.sending - before.sending) / gigabytes,
      cpuReceiving: (after.receiving - before.receiving) / gigabytes,
    };
  }

  /** Bulk that iperf3 pours into a forward and that never sees JavaScript. */
  async forward(
    localPort: number,
    iperf: IperfServer,
    load: { readonly streams: number; readonly seconds: number },
  ): Promise<Bulk> {
    const look = () => [cpuSeconds(this.client.pid), cpuSeconds(this.server.pid)] as const;
    const before = look();
    const target = { ip: "127.0.0.1", port: localPort };
    const rate = await iperf.measure(this.place.client, target, load);
    const after = look();
    // What goes before the count costs CPU too.
    const gigabytes = rate * (load.seconds + IPERF_WARM_UP) / 1000;
    return {
      rate,
      cpuSending: (after[0] - before[0]) / gigabytes,
      cpuReceiving: (after[1] - before[1]) / gigabytes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
