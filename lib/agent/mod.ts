// The agent: what a machine tells a registry, and how it keeps telling it.

export { Agent, type AgentOptions, type RegistryLine } from "./agent.ts";
export { gatherCapabilities, parseNvidia } from "./capabilities.ts";
