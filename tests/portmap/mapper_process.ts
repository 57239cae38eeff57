// A process with a port mapper and an echo on its port, for the tests to put behind a router: it
// prints a line for every change and every line of its log, ends at the end of its input, and can be
// killed. Its time goes four times as fast as the router's, so that it prolongs soon.
//
//   deno run -A tests/portmap/mapper_process.ts PROTOCOLS PORT LIFETIME-MS

import { createSocket } from "node:dgram";
import {
  findGateway,
  type MappingClient,
  natPmpClient,
  pcpClient,
  PortMapper,
  upnpClient,
} from "../../lib/portmap/mod.ts";
import type { Clock, Log, MonotonicMs, WallMs } from "../../lib/types/mod.ts";

const SPEED = 4;
const clock: Clock = {
  monotonicNow: () => performance.now() * SPEED as MonotonicMs,
  wallNow: () => Date.now() as WallMs,
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs / SPEED);
    return () => clearTimeout(timer);
  },
};

const [protocols = "", port, lifetime] = Deno.args;
const say = (line: Record<string, unknown>) => console.log(JSON.stringify(line));
const at = (level: string) => (message: string) => say({ level, message });
const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
const known = [pcpClient(new Uint8Array(12).fill(7)), natPmpClient(), upnpClient(Math.random)];

/** The same time for both: the router is asked for less of its own. */
const clients = known.filter(({ protocol }) => protocols.split(",").includes(protocol)).map(
  (client): MappingClient => ({
    ...client,
    map: async (wish, signal) => {
      const mapping = await client.map({ ...wish, lifetimeMs: wish.lifetimeMs / SPEED }, signal);
      return { ...mapping, lifetimeMs: mapping.lifetimeMs! * SPEED };
    },
  }),
);

const echo = createSocket("udp4");
echo.on("message", (bytes, { address, port }) => echo.send(bytes, port, address));
echo.bind(Number(port));
{
  await using _mapper = PortMapper.start({
    internalPort: Number(port),
    clients,
    clock,
    log,
    lifetimeMs: Number(lifetime) * SPEED,
    findGateway,
    isPublicIp: (ip) => !ip.startsWith("10."),
    onChange: (address) => say({ address }),
  });
  for await (const _ of Deno.stdin.readable);
}
echo.close();
