// From what a person types after `pollen connect` to one service of one machine. Pure.
//
// A service goes by its exact name, else by its port; a provider by the first characters of its
// key. Only machines that can be reached count. None: `not_found` with what comes near; several:
// `ambiguous` with the list of them.

import { PollenError } from "../types/mod.ts";
import { didYouMean } from "./nearest.ts";
import { type Network, portText, type Service, shortener } from "./network.ts";
import { printable } from "./text.ts";
import { parseKeyPrefix, parsePort, tryParsePort } from "./values.ts";

/** What is to be connected. */
export interface Wish {
  readonly service: string;
  readonly provider: string | undefined;
  readonly localPort: number | undefined;
}

/**
 * Reads `<service> [provider] [local-port]` and the two flags. Of two arguments the second is the
 * local port if it can be one; `--provider` says otherwise.
 *
 * @throws {PollenError} `invalid_argument`.
 */
export function readWish(
  positionals: readonly string[],
  flags: { readonly provider: string | undefined; readonly localPort: string | undefined },
): Wish {
  const [service = "", second, third] = positionals;
  const isPortSecond = second !== undefined && third === undefined &&
    (flags.provider !== undefined || tryParsePort(second) !== undefined);
  const provider = single("provider", isPortSecond ? undefined : second, flags.provider);
  const port = single("local port", isPortSecond ? second : third, flags.localPort);
  return {
    service,
    provider,
    localPort: port === undefined ? undefined : parsePort(port, "local port"),
  };
}

function single(what: string, argument: string | undefined, flag: string | undefined) {
  if (argument !== undefined && flag !== undefined) {
    throw new PollenError("invalid_argument", `The ${what} is given twice.`, {
      fix: "Give it once, as an argument or as a flag.",
    });
  }
  return argument ?? flag;
}

/**
 * The one service that is meant.
 *
 * @throws {PollenError} `not_found`, `ambiguous`, `invalid_argument` for a provider that can be no key.
 */
export function resolveService(network: Network, wish: Wish): Service {
  const named = servicesCalled(network.services, wish.service);
  const wanted = wish.provider === undefined ? named : ofProvider(named, wish.provider);
  const online = distinctTargets(wanted.filter(({ isOnline }) => isOnline));
  if (online.length === 1) return online[0]!;
  if (online.length > 1) throw ambiguous(online, wish);
  if (wanted.length > 0) throw allOffline(wanted, wish);
  throw unknown(network, named, wish);
}

function servicesCalled(services: readonly Service[], text: string): readonly Service[] {
  const named = services.filter(({ name }) => name === text);
  if (named.length > 0) return named;
  const port = tryParsePort(text);
  return port === undefined ? [] : services.filter((service) => service.port === port);
}

function ofProvider(services: readonly Service[], text: string): readonly Service[] {
  const prefix = parseKeyPrefix(text);
  return services.filter(({ provider }) => provider.startsWith(prefix));
}

/** Two names for one port of one machine are one target. */
function distinctTargets(services: readonly Service[]): Service[] {
  return services.filter((service, index) =>
    services.findIndex(({ provider, port, transport }) =>
      provider === service.provider && port === service.port && transport === service.transport
    ) === index
  );
}

function ambiguous(services: readonly Service[], wish: Wish): PollenError {
  const keys = new Set(services.map(({ provider }) => provider));
  const short = shortener(keys);
  const list = services.map(({ name, provider, port, transport }) =>
    `\n- ${printable(name)} (${short(provider)}:${portText(port, transport)})`
  );
  const what = `"${printable(wish.service)}"`;
  const first = services[0]!;
  const ports = new Set(services.map(({ port }) => port));
  // One machine that offers several ports under one name needs the port, not the machine, and one
  // that offers a port over TCP and UDP the name.
  const fix = keys.size > 1
    ? `\nSay which machine: pollen connect ${wish.service} --provider ${short(first.provider)}`
    : ports.size === 1
    ? `\nSay which by its name: pollen connect ${printable(first.name)} --provider ${
      short(first.provider)
    }`
    : `\nSay which port: pollen connect ${first.port} --provider ${short(first.provider)}`;
  return new PollenError("ambiguous", `${what} is offered more than once:${list.join("")}`, {
    fix,
  });
}

function allOffline(services: readonly Service[], wish: Wish): PollenError {
  const keys = new Set(services.map(({ provider }) => provider));
  const short = shortener(keys);
  const names = [...keys].map(short).join(", ");
  const which = keys.size > 1 ? "which are offline" : "which is offline";
  return new PollenError(
    "not_found",
    `"${
      printable(wish.service)
    }" cannot be reached. It is offered by ${names}, ${which} from here: ` +
      "not running, or behind a router or firewall that lets nobody in.",
    {
      fix:
        "Start pollen there with: pollen up. If it runs, let the router of one of the two pass " +
        "pollen's UDP port to it.",
    },
  );
}

function unknown(network: Network, named: readonly Service[], wish: Wish): PollenError {
  const what = `"${printable(wish.service)}"`;
  if (wish.provider !== undefined && named.length > 0) {
    const short = shortener(new Set(named.map(({ provider }) => provider)));
    const list = [...new Set(named.map(({ provider }) => short(provider)))].join(", ");
    return new PollenError(
      "not_found",
      `No machine whose key begins with "${wish.provider}" offers ${what}.`,
      { fix: `It is offered by ${list}.` },
    );
  }
  const near = didYouMean(wish.service, network.services.map(({ name }) => printable(name)));
  return new PollenError("not_found", `No machine of the network offers ${what}.`, {
    fix: `${near}See what there is with: pollen status --all`,
  });
}
