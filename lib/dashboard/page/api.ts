// What the registry's HTTP API says, as the page uses it: paths on this server alone.

/** What a machine has, each in words for people. */
export type Capabilities = Readonly<Partial<Record<CapabilityName, string>>>;

export const CAPABILITIES = {
  cpu: "CPU",
  memory: "Memory",
  os: "System",
  gpu_type: "GPU",
  gpu_vram_total: "GPU memory",
  gpu_vram_available: "GPU memory free",
  gpu_vram_used: "GPU memory used",
  gpu_temperature: "GPU temperature",
  gpu_power_usage: "GPU power",
  power_usage: "Power",
} as const;

export type CapabilityName = keyof typeof CAPABILITIES;

export type State = "active" | "stale" | "offline";

/** One node of the list. */
export interface Node {
  readonly id: string;
  readonly hostname?: string;
  readonly capabilities?: Capabilities;
  readonly agent_address?: string;
  readonly kind: "agent" | "member";
  /** The machine of the network whose registry holds it, where this one does not. */
  readonly via?: string;
  /** Seconds since 1970 by the registry's clock. */
  readonly lastSeenUnix: number;
  readonly state: State;
}

/** One node with all that is known of it. */
export interface Details extends Node {
  readonly registeredAt: string;
  readonly lastSeenAt: string;
  readonly offlineAt: string | null;
  readonly source: string;
  readonly history: readonly {
    readonly at: string;
    readonly kind: string;
    readonly source: string;
  }[];
  /** How often it was heard in each bucket of the last day, the oldest first. */
  readonly heartbeats: {
    readonly bucketMs: number;
    readonly from: string;
    readonly counts: readonly number[];
  };
}

/** One machine of the private network. */
export interface Machine {
  readonly id: string;
  readonly isOnline: boolean;
  /** Where the session with it leads, for those that the registry's own node is connected with. */
  readonly address?: string;
}

/** Two machines that are connected. */
export interface NetworkLink {
  readonly from: string;
  readonly to: string;
  readonly path: "direct" | "relayed";
  /** The machine that carries it, where that is known. */
  readonly carrier?: string;
  /** Known for the links of the registry's own node. */
  readonly latencyMs?: number;
}

/** The private network, as the node beside the registry knows it. */
export interface Network {
  /** Why nothing is known; null where something is. */
  readonly reason: string | null;
  /** The registry's own node. */
  readonly self: string | null;
  readonly machines: readonly Machine[];
  readonly links: readonly NetworkLink[];
  readonly omittedLinks: number;
}

/** What a machine offers. */
export interface Service {
  readonly name: string;
  readonly port: number;
  readonly transport: "tcp" | "udp";
  readonly provider: string;
  readonly isReachable: boolean;
}

export interface Services {
  /** Why nothing is known; null where something is. */
  readonly reason: string | null;
  readonly services: readonly Service[];
  readonly omittedServices: number;
}

/** Whether a token is needed, and whether this browser has shown one. */
export interface Session {
  readonly isTokenRequired: boolean;
  readonly isLoggedIn: boolean;
}

/** The names of server-sent events that tell of a node. */
export const EVENT_KINDS = [
  "registered",
  "updated",
  "active",
  "stale",
  "offline",
  "unregistered",
  "forgotten",
] as const;

export type EventKind = typeof EVENT_KINDS[number];

/** A refusal by the registry, or none at all where it does not answer. */
export class ApiError extends Error {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/** An answer, and how far the registry's clock is ahead of this one in milliseconds. */
export interface Answered<T> {
  readonly value: T;
  readonly aheadMs: number;
}

/** How long an answer may take, in milliseconds. */
const TIMEOUT_MS = 15_000;

/** Every node, those included that are offline. @throws {ApiError} */
export function readNodes(): Promise<Answered<Node[]>> {
  return readJson("/api/nodes?offline=true");
}

/** @throws {ApiError} */
export function readDetails(id: string): Promise<Answered<Details>> {
  return readJson(`/api/nodes/${encodeURIComponent(id)}`);
}

/** @throws {ApiError} */
export function readNetwork(): Promise<Answered<Network>> {
  return readJson("/api/network");
}

/** @throws {ApiError} */
export function readServices(): Promise<Answered<Services>> {
  return readJson("/api/services");
}

/** How this browser stands. @throws {ApiError} */
export async function readSession(): Promise<Session> {
  return (await readJson<Session>("/api/session")).value;
}

/** Exchanges a token for a cookie that scripts cannot read. @throws {ApiError} */
export async function signIn(token: string): Promise<void> {
  await ask("/api/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
}

/** @throws {ApiError} */
export async function signOut(): Promise<void> {
  await ask("/api/session", { method: "DELETE" });
}

async function readJson<T>(path: string): Promise<Answered<T>> {
  const response = await ask(path);
  const date = Date.parse(response.headers.get("date") ?? "");
  try {
    // The header has whole seconds: half of one is the best guess at the rest.
    const aheadMs = Number.isNaN(date) ? 0 : date + 500 - Date.now();
    return { value: await response.json(), aheadMs: Math.abs(aheadMs) < 2_000 ? 0 : aheadMs };
  } catch {
    throw new ApiError(0, "The registry's answer broke off.");
  }
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new ApiError(0, "The registry does not answer.");
  }
  if (response.ok) return response;
  const text = await response.text().catch(() => "");
  throw new ApiError(response.status, text.trim() || `The registry answers ${response.status}.`);
}
