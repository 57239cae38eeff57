// The Orchestrator service. Order of the checks, codes and texts of the refusals are those that
// agents of Orchion know; what is longer than a bound is refused beside them.

import { orchion } from "../../proto/mod.ts";
import { type CallContext, type Handlers, implement, type ServedService } from "../../rpc/mod.ts";
import { PollenError } from "../../types/mod.ts";
import type { Access, Scope } from "../access.ts";
import type { Capabilities, NodeRecord } from "../core/record.ts";
import { idProblem, textProblem } from "../core/texts.ts";
import type { Registry } from "../registry.ts";

/** The service on a registry. */
export function orchestrator(registry: Registry, access: Access): ServedService {
  const demand = (scope: Scope, context: CallContext) =>
    access.demand(scope, context.metadata("authorization") ?? null, sourceOf(context));

  const checkAgent = (id: string, name: string) => {
    checkId(id, name);
    if (!registry.isMember(id)) return;
    throw new PollenError("permission_denied", `${name} is that of a machine of the network`);
  };

  const handlers: Handlers<typeof orchion.Orchestrator> = {
    async registerNode({ node }, context) {
      const { owner } = demand("agent", context);
      if (node === undefined) throw invalid("node is required");
      checkAgent(node.id, "node.id");
      checkText(node.hostname, "node.hostname");
      checkText(node.agentAddress, "node.agent_address");
      if (node.capabilities !== undefined) checkCapabilities(node.capabilities);
      await registry.register({
        id: node.id,
        kind: "agent",
        hostname: node.hostname,
        agentAddress: node.agentAddress,
        capabilities: node.capabilities ?? null,
        source: sourceOf(context),
        owner,
      });
      return {};
    },
    async updateNode({ nodeId, capabilities }, context) {
      demand("agent", context);
      checkAgent(nodeId, "node_id");
      if (capabilities === undefined) throw invalid("capabilities is required");
      checkCapabilities(capabilities);
      await registry.update(nodeId, capabilities);
      return {};
    },
    async heartbeat({ nodeId }, context) {
      demand("agent", context);
      checkAgent(nodeId, "node_id");
      await registry.heartbeat(nodeId);
      return {};
    },
    async listNodes(_request, context) {
      demand("read", context);
      const nodes = await registry.nodes();
      return { nodes: Array.from(nodes, toMessage) };
    },
    async unregisterNode({ nodeId }, context) {
      demand("agent", context);
      checkAgent(nodeId, "node_id");
      await registry.unregister(nodeId);
      return {};
    },
  };
  return implement(orchion.Orchestrator, handlers);
}

function toMessage(record: NodeRecord): orchion.Node {
  return {
    id: record.id,
    hostname: record.hostname,
    capabilities: record.capabilities ?? undefined,
    lastSeenUnix: BigInt(Math.floor(record.lastSeenMs / 1000)),
    agentAddress: record.agentAddress,
  };
}

/** The address without its port: an agent has another one with each connection. */
function sourceOf({ caller }: CallContext): string {
  return caller.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

function checkId(id: string, name: string): void {
  demandNone(idProblem(id), name);
}

function checkCapabilities(capabilities: Capabilities): void {
  for (const [name, text] of Object.entries(capabilities)) checkText(text, `capabilities.${name}`);
}

function checkText(text: string, name: string): void {
  demandNone(textProblem(text), name);
}

function demandNone(problem: string | null, name: string): void {
  if (problem !== null) throw invalid(`${name} ${problem}`);
}

function invalid(message: string): PollenError {
  return new PollenError("invalid_argument", message);
}
