// A process with a port mapper and an echo on its port, for the tests to put behind a router: it
// prints a line for every change and every line of its log, ends at the end of its input, and can be
// killed. Its pauses are an eighth of what they are in life, so that it prolongs every half a second,
// however long the router keeps a mapping.
//
//   deno run -A tests/portmap/mapper_process.ts PROTOCOLS PORT ROUTERS-LIFETIME-MS

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

const SPEED = 8;
/** What the mapper believes that a mapping lives: a second of the router's. */
const BELIEVED_MS = 8_000;
/** Shorter than any pause: somebody is waited for, which takes as long as in life. */
const WAIT_MS_MAX = 2_000;
const clock: Clock = {
  monotonicNow: () => performance.now() * SPEED as MonotonicMs,
  wallNow: () => Date.now() as WallMs,
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs > WAIT_MS_MAX ? delayMs / SPEED : delayMs);
    return () => clearTimeout(timer);
  },
};

const [protocols = "", port, lifetime] = Deno.args;
const say = (line: Record<string, unknown>) => console.log(JSON.stringify(line));
const at = (level: string) => (message: string) => say({ level, message });
const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
const known = [pcpClient(new Uint8Array(12).fill(7)), natPmpClient(), upnpClient(Math.random)];

const clients = known.filter(({ protocol }) => protocols.split(",").includes(protocol)).map(
  (client): MappingClient => ({
    ...client,
    map: async (wish, signal) => {
      const mapping = await client.map({ ...wish, lifetimeMs: Number(lifetime) }, signal);
      say({ granted: mapping.external.port });
      return { ...mapping, lifetimeMs: wish.lifetimeMs };
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
    lifetimeMs: BELIEVED_MS,
    findGateway,
    isPublicIp: (ip) => !ip.startsWith("10."),
    onChange: (address) => say({ address }),
  });
  for await (const _ of Deno.stdin.readable);
}
echo.close();
