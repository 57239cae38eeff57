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

export const text = z.string();

/** What a login shows. */
export const login = z.object({ token: z.string().min(1) }).strict().openapi("Login");

/** How a browser stands. */
export const session = z.object({
  isTokenRequired: z.boolean(),
  isLoggedIn: z.boolean().openapi({ description: "Whether this request may look." }),
}).strict().openapi("Session");
