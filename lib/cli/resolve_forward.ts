// From what a person types after `pollen disconnect` to one forward. Pure.
//
// A forward goes by its local port, else by the exact name of its service, else by the service's
// port; a provider by the first characters of its key. None: `not_found`; several: `ambiguous`.

import { PollenError } from "../types/mod.ts";
import { didYouMean } from "./nearest.ts";
import { type Forward, type Network, portText, shortener } from "./network.ts";
import { printable } from "./text.ts";
import { parseKeyPrefix, tryParsePort } from "./values.ts";

/**
 * The one forward that is meant.
 *
 * @throws {PollenError} `not_found`, `ambiguous`, `invalid_argument` for a provider that can be no key.
 */
export function resolveForward(
  { forwards }: Network,
  text: string,
  provider: string | undefined,
): Forward {
  const prefix = provider === undefined ? "" : parseKeyPrefix(provider);
  const wanted = forwardsCalled(
    forwards.filter((forward) => forward.provider.startsWith(prefix)),
    text,
  );
  if (wanted.length > 1) throw ambiguous(wanted, text);
  const [forward] = wanted;
  if (forward !== undefined) return forward;
  throw unknown(forwards, text, provider);
}

function forwardsCalled(forwards: readonly Forward[], text: string): readonly Forward[] {
  const port = tryParsePort(text);
  const ways: ((forward: Forward) => boolean)[] = [
    ({ localPort }) => localPort === port,
    ({ service }) => service === text,
    ({ remotePort }) => remotePort === port,
  ];
  return ways.map((way) => forwards.filter(way)).find((found) => found.length > 0) ?? [];
}

function ambiguous(forwards: readonly Forward[], text: string): PollenError {
  const short = shortener(forwards.map(({ provider }) => provider));
  const list = forwards.map(({ localPort, service, provider, remotePort, transport }) =>
    `\n- ${localPort} -> ${printable(service) || "-"} (${short(provider)}:${
      portText(remotePort, transport)
    })`
  );
  const ports = new Set(forwards.map(({ localPort }) => localPort));
  const what = `"${printable(text)}" is forwarded here more than once:${list.join("")}`;
  return new PollenError("ambiguous", what, {
    fix: ports.size === 1
      ? `\nSay which by its name: pollen disconnect ${printable(forwards[0]!.service)}`
      : `\nSay which local port: pollen disconnect ${forwards[0]!.localPort}`,
  });
}

function unknown(
  forwards: readonly Forward[],
  text: string,
  provider: string | undefined,
): PollenError {
  const from = provider === undefined ? "" : ` from a machine whose key begins with "${provider}"`;
  const names = forwards.flatMap((
    { localPort, service },
  ) => [String(localPort), printable(service)]);
  return new PollenError(
    "not_found",
    `Nothing called "${printable(text)}" is forwarded here${from}.`,
    {
      fix: `${didYouMean(text, names)}See the forwards with: pollen status`,
    },
  );
}
