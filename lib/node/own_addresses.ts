// Where this node is, asked of those who know: the machine, its name servers, the router. What they say
// goes to the core, which decides what others are told of it (whereabouts.ts).

import { formatAddress, joinHostPort, type PortMapping, type SocketAddress } from "../types/mod.ts";
import type { NodeInput } from "./steps.ts";
import type { Config, NodeDeps } from "./wiring.ts";

export interface OwnAddressesDeps
  extends Pick<NodeDeps, "mesh" | "machineAddresses" | "mapPort" | "resolve"> {
  readonly config: Pick<Config, "advertised" | "advertisedIps">;
  /** Tells the core. */
  report(input: NodeInput): void;
}

export class OwnAddresses {
  readonly #deps: OwnAddressesDeps;
  #portMapping: PortMapping | null = null;
  /** Where that lets others in. */
  #mapped: SocketAddress | null = null;

  constructor(deps: OwnAddressesDeps) {
    this.#deps = deps;
  }

  /** As `Node.advertisedIps`. */
  get ips(): readonly string[] {
    const { config: { advertisedIps }, machineAddresses } = this.#deps;
    return advertisedIps.length > 0 ? advertisedIps : machineAddresses();
  }

  /** As `Node.reachableAt`. */
  get reachableAt(): string[] {
    const { config, mesh } = this.#deps;
    const mapped = this.#mapped === null ? [] : [formatAddress(this.#mapped)];
    const own = this.ips.map((ip) => joinHostPort(ip, mesh.listenPort));
    return [...new Set([...config.advertised, ...mapped, ...own])];
  }

  /** As `Node.portMapping`. */
  get portMapping(): PortMapping | null {
    return this.#portMapping;
  }

  /** Looks at the machine's addresses. */
  refresh(): void {
    const { mesh, report } = this.#deps;
    report({ kind: "ownAddresses", ips: this.ips, port: mesh.listenPort });
  }

  /** Looks up the names that the owner gave. */
  async refreshNames(): Promise<void> {
    const { config: { advertised }, resolve, report } = this.#deps;
    if (advertised.length === 0) return;
    const addresses = await resolve(advertised);
    // A name server that does not answer now takes nothing away.
    if (addresses.length > 0) report({ kind: "namedAddresses", addresses });
  }

  /** Begins to keep a port of the router mapped, where that is wanted. */
  startMapping(): void {
    const { mesh, mapPort } = this.#deps;
    this.#portMapping = mapPort?.(mesh.listenPort, (address) => this.#onMapped(address)) ?? null;
  }

  /** Gives the router's port back. */
  async stopMapping(): Promise<void> {
    await this.#portMapping?.[Symbol.asyncDispose]();
  }

  #onMapped(address: SocketAddress | null): void {
    this.#mapped = address;
    this.#deps.report({ kind: "mappedAddress", address });
  }
}
