// The part of the table of commands that is about registries and their agents.

import type { Command } from "./command.ts";

const NONE = { min: 0, max: 0 };

/** In the order in which they are needed. */
export const REGISTRY_COMMANDS: readonly Command[] = [
  {
    name: "registry",
    summary: "Run a registry that agents register with.",
    usage: "[token] [create|list|revoke] [name|id]",
    positionals: { min: 0, max: 3 },
    takesSingleDash: true,
    flags: {
      port: { value: "N", summary: "The TCP port of gRPC (default 50051)." },
      "http-port": { value: "N", summary: "The TCP port of HTTP (default 8080)." },
      "heartbeat-timeout": {
        value: "TIME",
        summary: "Without a heartbeat for so long a node is offline (default 30s).",
      },
      "api-key": { value: "KEY", summary: "Ask everybody for this token, or for another one." },
      bind: {
        value: "A,B",
        summary: "The IP addresses to serve at (default 127.0.0.1 and ::1).",
      },
      open: { summary: "Ask nobody for a token." },
      storage: {
        value: "PLACE",
        summary: "sqlite:FILE or postgres://… (default registry.db in the state folder).",
      },
      "allow-host": {
        value: "NAME",
        isList: true,
        summary: "A name by which browsers may call it; may be given again.",
      },
      "tls-cert": { value: "FILE", summary: "The certificate chain (PEM) to encrypt with." },
      "tls-key": { value: "FILE", summary: "Its private key (PEM)." },
      config: { value: "FILE", summary: "Settings in YAML or JSON; flags count before them." },
      log: { value: "FILE", summary: "Add the log to this file (a new one every 10 MB)." },
      scope: { value: "A,B", summary: "Of a new token: read, agent (default both)." },
      ttl: { value: "TIME", summary: "Of a new token: how long it counts (default for ever)." },
    },
    description:
      "Keeps a list of agents: they register and send heartbeats over gRPC, people and " +
      "programs look over HTTP (/api/nodes, /api/events, /api/openapi.json). On this machine no " +
      "token is needed until the first one is made with `pollen registry token create`; then, and " +
      "on any other address, everybody needs one.",
    examples: [
      { line: "pollen registry", note: "for agents of this machine" },
      { line: "pollen registry -port 50052 -http-port 8081", note: "on other ports" },
      {
        line: "pollen registry token create ci --scope read",
        note: "then: Authorization: Bearer …",
      },
      { line: "pollen registry --bind 0.0.0.0", note: "for other machines, with tokens" },
    ],
    isService: true,
    load: async () => (await import("./commands/registry.ts" as string)).registry,
  },
  {
    name: "agent",
    summary: "Register this machine with a registry.",
    usage: "",
    positionals: NONE,
    takesSingleDash: true,
    flags: {
      registry: { value: "A,B", summary: "Registries, host:port; the next where one is silent." },
      "heartbeat-interval": { value: "TIME", summary: "Between heartbeats (default 5s)." },
      "node-id": { value: "ID", summary: "This machine's id (default: made once and kept)." },
      hostname: { value: "NAME", summary: "Its name (default: the machine's own)." },
      "agent-address": { value: "HOST:PORT", summary: "Where a service of its own answers." },
      "token-file": { value: "FILE", summary: "The file with the token to use." },
      tls: { summary: "Encrypt, and trust what this system trusts." },
      "tls-ca": { value: "FILE", summary: "Encrypt, and trust these certificates (PEM)." },
    },
    description: "Tells a registry what this machine has and that it lives, until it is stopped; " +
      "then it takes its leave. When a registry is silent it turns to the next one.",
    examples: [
      { line: "pollen agent --registry localhost:50051", note: "then: pollen nodes" },
      { line: "pollen agent --registry a:50051,b:50051", note: "with one to fall back on" },
    ],
    isService: true,
    load: async () => (await import("./commands/agent.ts" as string)).agent,
  },
  {
    name: "nodes",
    summary: "Show the machines of a registry.",
    usage: "",
    positionals: NONE,
    flags: {
      registry: { value: "URL", summary: "Its HTTP address (default http://127.0.0.1:8080)." },
      all: { summary: "Also those that are offline and remembered." },
      "token-file": { value: "FILE", summary: "The file with the token to use." },
    },
    description: "Shows the machines that a registry lists, and how they are.",
    examples: [{ line: "pollen nodes --all", note: "offline machines too" }],
    load: async () => (await import("./commands/nodes.ts" as string)).nodes,
  },
];
