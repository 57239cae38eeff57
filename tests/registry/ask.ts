// A client of the HTTP door that believes the OpenAPI document, and one of its events.

import { equal, ok } from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { TestRegistry } from "./support.ts";

// deno-lint-ignore no-explicit-any -- a document of many shapes
type Document = any;

/** Asks, and demands an answer that the document describes for that path and method. */
export async function ask(
  opened: TestRegistry,
  path: string,
  init: RequestInit & { readonly route?: string } = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${opened.url}${path}`, init);
  const text = await response.text();
  const document: Document = await (await fetch(`${opened.url}/api/openapi.json`)).json();
  const route = document.paths[init.route ?? path.split("?")[0]!];
  const described = route?.[(init.method ?? "GET").toLowerCase()]?.responses[response.status];
  ok(described !== undefined, `${path} answers ${response.status}, which is not described`);
  const type = response.headers.get("content-type")?.split(";")[0];
  const content = described.content?.[type!];
  equal(content !== undefined || described.content === undefined && text === "", true, type ?? "");
  if (type === "application/json") {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const schema = { components: document.components, ...content.schema };
    ok(ajv.validate(schema, JSON.parse(text)), `${ajv.errorsText()}: ${text}`);
  }
  return { status: response.status, text, headers: response.headers };
}

/** One event. */
export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Document;
}

/** Listens to the events from now on, or from the one after `lastId`. */
export async function listen(opened: TestRegistry, lastId?: string) {
  const headers: HeadersInit = lastId === undefined ? {} : { "last-event-id": lastId };
  const response = await fetch(`${opened.url}/api/events`, { headers });
  equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<ServerEvent> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end < 0) {
        const { done, value } = await reader.read();
        if (done) throw new Error("the stream has ended");
        text += value;
        continue;
      }
      const fields = Object.fromEntries(
        text.slice(0, end).split("\n").map((line) => line.split(/: (.*)/s, 2)),
      );
      text = text.slice(end + 2);
      if (fields.event !== undefined) {
        return { id: fields.id, event: fields.event, data: JSON.parse(fields.data) };
      }
    }
  };
  return { next, close: () => reader.cancel() };
}
