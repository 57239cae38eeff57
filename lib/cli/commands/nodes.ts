// `pollen nodes`: the machines that a registry lists.

import { PollenError, type WallMs } from "../../types/mod.ts";
import type { Context, Outcome, Run } from "../command.ts";
import { readToken } from "../registry_flags.ts";
import { describeDuration, printable, renderTable, styleOf } from "../text.ts";

const REGISTRY = "http://127.0.0.1:8080";
const TIMEOUT_MS = 10_000;
/** Characters of an answer that is an error. */
const TEXT_LENGTH_MAX = 300;

interface ListedNode {
  readonly id: string;
  readonly hostname?: string;
  readonly state?: string;
  readonly kind?: string;
  readonly last_seen_unix: number;
  readonly capabilities?: Readonly<Record<string, string>>;
}

/** Asks once and shows it. */
export const nodes: Run = async (context) => {
  const { args } = context;
  const base = baseOf(args.value("registry") ?? REGISTRY);
  const query = args.has("all") ? "?offline=true" : "";
  const listed = await ask(`${base}/api/nodes${query}`, await readToken(args), context.signal);
  const sorted = listed.toSorted((a, b) => nameOf(a) < nameOf(b) ? -1 : 1);
  return { text: context.isJson ? "" : render(sorted, context), json: { nodes: sorted } };
};

function baseOf(text: string): string {
  const url = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (URL.canParse(url)) return url.replace(/\/+$/, "");
  throw new PollenError("invalid_argument", `"${text}" is not the address of a registry.`, {
    fix: `Write it as ${REGISTRY}, with the port of HTTP.`,
  });
}

async function ask(
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<readonly ListedNode[]> {
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  let response: Response;
  let text: string;
  try {
    const either = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    response = await fetch(url, { headers, signal: either });
    text = await response.text();
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new PollenError("unreachable", `No registry answers at ${new URL(url).origin}.`, {
      fix: "Start one with `pollen registry`, or name it with --registry.",
      cause,
    });
  }
  if (!response.ok) {
    const isToken = response.status === 401 || response.status === 403;
    const why = printable(text.trim().slice(0, TEXT_LENGTH_MAX));
    throw new PollenError(isToken ? "unauthenticated" : "refused", `The registry refused: ${why}`, {
      ...(isToken ? { fix: "Give a token with --token-file FILE." } : {}),
    });
  }
  const listed = tryParse(text);
  if (Array.isArray(listed) && listed.every(isNode)) return listed;
  throw new PollenError("malformed", `What answers at ${new URL(url).origin} is no registry.`, {
    fix: "Name the port of HTTP, not that of gRPC.",
  });
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isNode(value: unknown): value is ListedNode {
  if (typeof value !== "object" || value === null) return false;
  const { id, last_seen_unix: seen, hostname, state, capabilities } = value as Record<
    string,
    unknown
  >;
  const isText = (text: unknown) => text === undefined || typeof text === "string";
  return typeof id === "string" && typeof seen === "number" && isText(hostname) && isText(state) &&
    (capabilities === undefined ||
      typeof capabilities === "object" && Object.values(capabilities ?? {}).every(isText));
}

function render(listed: readonly ListedNode[], { isColored, now }: Context): Outcome["text"] {
  if (listed.length === 0) return "no nodes are registered";
  const rows = listed.map((node) => [
    printable(nameOf(node)),
    node.hostname === undefined ? "" : printable(node.id),
    node.state ?? "",
    `${describeDuration((now() as WallMs) / 1000 - node.last_seen_unix)} ago`,
    ...["cpu", "memory", "os", "gpu_type"].map((name) =>
      printable(node.capabilities?.[name] ?? "")
    ),
  ]);
  const header = ["HOST", "ID", "STATE", "SEEN", "CPU", "MEMORY", "SYSTEM", "GPU"];
  return renderTable("NODES", header, rows, styleOf(isColored)).join("\n");
}

function nameOf({ hostname, id }: ListedNode): string {
  return hostname ?? id;
}
