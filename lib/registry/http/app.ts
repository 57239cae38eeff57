// The HTTP door: routes with their schemas, who may use them, and the answers that clients of
// Orchion expect where nothing fits.

import { OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import { DASHBOARD_PATHS, dashboardFile } from "../../dashboard/mod.ts";
import { type Clock, errorText, type Log, type Random } from "../../types/mod.ts";
import type { Access, Scope } from "../access.ts";
import type { Network } from "../network.ts";
import type { Registry } from "../registry.ts";
import { json, plain, refusal } from "./answers.ts";
import { EventStream } from "./event_stream.ts";
import { withBody } from "./body.ts";
import { Guard } from "./guard.ts";
import { detailsJson, safeJson } from "./json.ts";
import { NodesList } from "./list.ts";
import { RegistryMetrics } from "./metrics.ts";
import { networkJson, servicesJson } from "./network_json.ts";
import * as routes from "./routes.ts";
import { Sessions } from "./sessions.ts";

/** What the door leads to. */
export interface HttpDeps {
  readonly registry: Registry;
  readonly network: Network;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly allowedHosts: readonly string[];
  /** Whether the door is served with TLS. */
  readonly isEncrypted: boolean;
}

/** Answers a request that comes from an IP address. */
export type HttpHandler = (request: Request, source: string) => Promise<Response>;

interface Env {
  Bindings: { readonly source: string };
}

interface Asked {
  readonly request: Request;
  readonly source: string;
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
  /** As the route's schema has it. */
  readonly body: () => Promise<{ readonly token: string }>;
}

/** The handler of all requests. */
export function httpHandler(deps: HttpDeps): HttpHandler {
  const { registry, network, access, clock, log, allowedHosts } = deps;
  const guard = new Guard({ allowedHosts, clock });
  const sessions = new Sessions(clock, deps.random, deps.isEncrypted);
  const list = new NodesList(registry, clock);
  const events = new EventStream(registry, clock);
  const metrics = new RegistryMetrics(registry);
  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) return plain(`Invalid request: ${firstIssue(result.error)}`, 400);
    },
  });
  const methodsOf = new Map<string, string[]>();

  function on<R extends RouteConfig>(
    route: R & { getRoutingPath(): string },
    scope: Scope | null,
    answer: (asked: Asked) => Promise<Response> | Response,
  ): void {
    const path = route.getRoutingPath();
    methodsOf.set(path, [...methodsOf.get(path) ?? [], route.method.toUpperCase()]);
    app.openapi(route as RouteConfig & { getRoutingPath(): string }, async (context) => {
      const request = context.req.raw;
      // Hono answers HEAD by GET; clients of Orchion know it refused.
      if (request.method === "HEAD") return notAllowed();
      if (scope !== null) {
        access.demand(scope, sessions.credentialOf(request), context.env.source);
      }
      const id = context.req.param("id") ?? "";
      const { source } = context.env;
      const response = await answer({
        request,
        source,
        id,
        query: context.req.query(),
        body: () => context.req.json(),
      });
      metrics.countAnswer(route.path, response.status);
      return response as never;
    });
  }

  on(routes.listNodes, "read", async ({ query }) => {
    return json(query["offline"] === "true" ? await list.all() : await list.online());
  });
  on(routes.getNode, "read", async ({ id }) => {
    return json(`${detailsJson(await registry.details(id))}\n`);
  });
  on(routes.forgetNode, "agent", async ({ id }) => {
    await registry.forget(id);
    return new Response(null, { status: 204 });
  });
  on(routes.getNetwork, "read", async () => json(networkJson(await network.view())));
  on(routes.listServices, "read", async () => json(servicesJson(await network.view())));
  on(routes.listenToEvents, "read", ({ request }) => {
    const isAllowed = () => access.holds("read", sessions.credentialOf(request));
    return events.open(request.headers.get("last-event-id"), isAllowed);
  });
  on(routes.getSession, null, ({ request, source }) => {
    const isLoggedIn = access.allows("read", sessions.credentialOf(request), source);
    return json(`${safeJson({ isTokenRequired: access.isRequired, isLoggedIn })}\n`);
  });
  on(routes.logIn, null, async ({ body, source, request }) => {
    const { token } = await body();
    access.demand("read", token, source);
    log.info("audit: a browser logged in", { source });
    return new Response(null, {
      status: 204,
      headers: { "set-cookie": sessions.begin(token, request) },
    });
  });
  on(routes.logOut, null, ({ request }) => {
    return new Response(null, { status: 204, headers: { "set-cookie": sessions.end(request) } });
  });
  on(routes.getHealth, null, () => plain("ok", 200));
  on(routes.getReadiness, null, () => {
    return registry.isReady ? plain("ready", 200) : plain("the storage does not work", 503);
  });
  on(routes.getMetrics, "read", () => metrics.answer());

  const document = `${safeJson(app.getOpenAPI31Document(routes.DOCUMENT))}\n`;
  app.get(routes.DOCUMENT_PATH, () => json(document));
  methodsOf.set(routes.DOCUMENT_PATH, ["GET"]);
  for (const path of DASHBOARD_PATHS) {
    app.get(path, ({ req: { raw } }) => dashboardFile(path, raw));
    methodsOf.set(path, ["GET"]);
  }
  for (const [path, methods] of methodsOf) {
    const allowed = [...methods, "OPTIONS"].join(", ");
    app.options(path, () =>
      new Response(null, {
        headers: {
          "access-control-allow-methods": allowed,
          "access-control-allow-headers": "Content-Type, Authorization",
        },
      }));
    app.all(path, () => notAllowed());
  }
  app.notFound(() => plain("404 page not found", 404));
  app.onError((thrown) => {
    const known = refusal(thrown);
    if (known !== null) return known;
    // What Hono itself refuses, such as a body that is no JSON.
    if ("getResponse" in thrown) {
      return plain(`Invalid request: ${thrown.message}`, thrown.getResponse().status);
    }
    log.error("a request failed inside", { error: errorText(thrown), stack: thrown.stack ?? null });
    return plain("Something went wrong inside pollen. Its log says what.", 500);
  });

  return async (request, source) => {
    let whole: Request;
    try {
      guard.check(request, source);
      whole = await withBody(request, clock);
    } catch (thrown) {
      const known = refusal(thrown);
      if (known !== null) return known;
      throw thrown;
    }
    const response = await app.fetch(whole, { source });
    const isRead = ["GET", "OPTIONS"].includes(request.method);
    // Pages of other sites may read what needs no cookie, but do not learn where machines are.
    const isOurs = OUR_PATHS.has(new URL(request.url).pathname);
    if (isRead && !isOurs && response.status !== 404 && !request.headers.has("cookie")) {
      response.headers.set("access-control-allow-origin", "*");
    }
    return response;
  };
}

/** What no client of Orchion knows, and nobody but our own page reads in a browser. */
const OUR_PATHS: ReadonlySet<string> = new Set([
  routes.getNetwork.path,
  routes.listServices.path,
]);

function notAllowed(): Response {
  return plain("Method not allowed", 405);
}

function firstIssue(
  error: {
    readonly issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[];
  },
): string {
  const [issue] = error.issues;
  return issue === undefined ? "it is not understood" : `${issue.path.join(".")}: ${issue.message}`;
}
