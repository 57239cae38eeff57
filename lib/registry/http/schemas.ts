// What HTTP answers look like, as the OpenAPI document tells it.

import { z } from "@hono/zod-openapi";

const capabilities = z.object({
  cpu: z.string().optional(),
  memory: z.string().optional(),
  os: z.string().optional(),
  gpu_type: z.string().optional(),
  gpu_vram_total: z.string().optional(),
  gpu_vram_available: z.string().optional(),
  gpu_vram_used: z.string().optional(),
  gpu_temperature: z.string().optional(),
  gpu_power_usage: z.string().optional(),
  power_usage: z.string().optional(),
}).strict().openapi("Capabilities", { description: "What a machine has, in words for people." });

const nodeFields = {
  id: z.string(),
  hostname: z.string().optional(),
  capabilities: capabilities.optional(),
  last_seen_unix: z.number().int().openapi({ description: "Seconds since 1970." }),
  agent_address: z.string().optional().openapi({
    description: "host:port of the agent's service.",
  }),
  kind: z.enum(["agent", "member"]),
  via: z.string().optional().openapi({
    description: "The key of the machine whose registry holds it; absent where this one does.",
  }),
  lastSeenUnix: z.number().int().openapi({ description: "The same as last_seen_unix." }),
  state: z.enum(["active", "stale", "offline"]),
};

/** A node of a list. */
export const node = z.object(nodeFields).strict().openapi("Node");

export const nodes = z.array(node);

/** A node with all that is known of it. */
export const details = z.object({
  ...nodeFields,
  registeredAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  offlineAt: z.iso.datetime().nullable(),
  source: z.string().openapi({ description: "The address it registered from." }),
  history: z.array(
    z.object({
      at: z.iso.datetime(),
      kind: z.enum(["registered", "moved", "offline", "unregistered"]),
      source: z.string(),
    }).strict(),
  ).openapi({ description: "The newest first." }),
  heartbeats: z.object({
    bucketMs: z.number().int().openapi({ description: "How long a bucket is, in milliseconds." }),
    from: z.iso.datetime().openapi({ description: "When the first bucket begins." }),
    counts: z.array(z.number().int()).openapi({
      description: "How often it was heard in each bucket of the last day, the oldest first.",
    }),
  }).strict(),
}).strict().openapi("NodeDetails");

export const id = z.object({
  id: z.string().min(1).openapi({ param: { name: "id", in: "path" } }),
});

export const listQuery = z.object({
  offline: z.enum(["true", "false"]).optional().openapi({
    param: { name: "offline", in: "query" },
    description: "Whether those are listed as well that are offline and remembered.",
  }),
});

const reason = z.string().nullable().openapi({
  description: "Why nothing is known, for people; null where something is.",
});
const omitted = z.number().int().openapi({ description: "How many more there are." });

/** The network of the node beside the registry. */
export const network = z.object({
  reason,
  self: z.string().nullable().openapi({ description: "The id of the node beside this registry." }),
  machines: z.array(
    z.object({
      id: z.string(),
      isOnline: z.boolean().openapi({
        description: "Whether it is connected with that node, directly or over others.",
      }),
      address: z.string().optional().openapi({
        description: "ip:port where that node's session with it leads.",
      }),
    }).strict().openapi("Machine"),
  ),
  links: z.array(
    z.object({
      from: z.string().openapi({ description: "The smaller one of the two ids." }),
      to: z.string(),
      path: z.enum(["direct", "relayed"]).openapi({
        description: "Direct unless one of the two says that a machine carries it.",
      }),
      carrier: z.string().optional().openapi({ description: "The id of that machine." }),
      latencyMs: z.number().nonnegative().optional().openapi({
        description:
          "The round trip: measured for the links of the node beside this registry; for " +
          "others, what their machines say of them once a minute at most.",
      }),
    }).strict().openapi("Link"),
  ),
  omittedLinks: omitted,
}).strict().openapi("Network");

/** What the machines of the network offer. */
export const services = z.object({
  reason,
  services: z.array(
    z.object({
      name: z.string(),
      port: z.number().int().min(1).max(65_535),
      transport: z.enum(["tcp", "udp"]),
      provider: z.string().openapi({ description: "The id of the machine that offers it." }),
      isReachable: z.boolean().openapi({
        description: "Whether the node beside this registry is connected with that machine.",
      }),
    }).strict().openapi("Service"),
  ),
  omittedServices: omitted,
}).strict().openapi("Services");

export const text = z.string();

/** What a login shows. */
export const login = z.object({ token: z.string().min(1) }).strict().openapi("Login");

/** How a browser stands. */
export const session = z.object({
  isTokenRequired: z.boolean(),
  isLoggedIn: z.boolean().openapi({ description: "Whether this request may look." }),
}).strict().openapi("Session");
