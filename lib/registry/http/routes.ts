// The routes of the HTTP door as the OpenAPI document tells them.

import { createRoute, type z } from "@hono/zod-openapi";
import {
  details,
  id,
  listQuery,
  login,
  network,
  nodes,
  services,
  session,
  text,
} from "./schemas.ts";

function json(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema } } };
}

function plain(description: string, type = "text/plain") {
  return { description, content: { [type]: { schema: text } } };
}

/** What every route that asks for a token may answer. */
const refusals = {
  401: plain("A token is asked for and none in force was given."),
  403: plain("The token is not good for this, or the request comes from where it must not."),
  429: plain("Too many requests, or too many wrong tokens, from this address."),
} as const;

export const listNodes = createRoute({
  method: "get",
  path: "/api/nodes",
  summary: "The nodes that are online.",
  request: { query: listQuery },
  responses: {
    200: json("The nodes, in no order.", nodes),
    400: plain("A wrong query."),
    ...refusals,
  },
});

export const getNode = createRoute({
  method: "get",
  path: "/api/nodes/{id}",
  summary: "One node, also one that is offline, with its history.",
  request: { params: id },
  responses: {
    200: json("The node.", details),
    404: plain("No such node is known."),
    503: plain("The storage does not answer."),
    ...refusals,
  },
});

export const forgetNode = createRoute({
  method: "delete",
  path: "/api/nodes/{id}",
  summary: "Forget a node and its history.",
  request: { params: id },
  responses: {
    204: { description: "It is forgotten." },
    404: plain("No such node is known."),
    503: plain("The storage does not answer."),
    ...refusals,
  },
});

export const getNetwork = createRoute({
  method: "get",
  path: "/api/network",
  summary: "Which machines of the network are connected with which.",
  description: "As the node beside this registry knows it: its own sessions, and what both ends " +
    "of a link say. A registry without a node answers with nothing and the reason.",
  responses: { 200: json("The network.", network), ...refusals },
});

export const listServices = createRoute({
  method: "get",
  path: "/api/services",
  summary: "What the machines of the network offer.",
  description: "A registry without a node answers with nothing and the reason.",
  responses: { 200: json("The services.", services), ...refusals },
});

export const listenToEvents = createRoute({
  method: "get",
  path: "/api/events",
  summary: "What happens to nodes and to the network, as it happens.",
  description:
    "Server-sent events named registered, updated, active, stale, offline, unregistered " +
    "and forgotten, each with the moment (at) and the node. Events named network and services say " +
    "that /api/network and /api/services are to be read again, at most once a second. An event " +
    "named missed says that everything is to be read again. Last-Event-ID is heeded.",
  responses: {
    200: plain("The stream. It ends when the token is in force no longer.", "text/event-stream"),
    ...refusals,
  },
});

export const getSession = createRoute({
  method: "get",
  path: "/api/session",
  summary: "Whether a token is needed, and whether this browser is logged in.",
  responses: { 200: json("How it stands.", session) },
});

export const logIn = createRoute({
  method: "post",
  path: "/api/session",
  summary: "Log a browser in by a token: from then on a cookie stands for it.",
  request: { body: { required: true, content: { "application/json": { schema: login } } } },
  responses: {
    204: { description: "The cookie is set." },
    400: plain("A wrong body."),
    408: plain("The body did not come in time."),
    413: plain("The body is too long."),
    ...refusals,
  },
});

export const logOut = createRoute({
  method: "delete",
  path: "/api/session",
  summary: "Log this browser out.",
  responses: { 204: { description: "The cookie is taken back." }, ...refusals },
});

export const getHealth = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Whether the process answers.",
  responses: { 200: plain("It does.") },
});

export const getReadiness = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Whether the registry can do its work.",
  responses: { 200: plain("It can."), 503: plain("The storage does not work.") },
});

export const getMetrics = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Counts for Prometheus.",
  responses: { 200: plain("In the text format, version 0.0.4."), ...refusals },
});

/** Where the document itself is. */
export const DOCUMENT_PATH = "/api/openapi.json";

/** What the document says of itself. */
export const DOCUMENT = {
  openapi: "3.1.0",
  info: {
    title: "Pollen registry",
    version: "1",
    description:
      "Which agents there are, and how the network is. Errors are plain text. Where tokens are asked for, they " +
      "go into the header Authorization, after Bearer.",
  },
} as const;
