// The page's files as a browser gets them: checked, compressed, and allowed nothing from elsewhere.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { DASHBOARD_PATHS, dashboardFile } from "../../lib/dashboard/mod.ts";
import { openTestRegistry } from "../registry/support.ts";

Deno.test("each file has its type, a policy, and a tag that spares sending it again", async () => {
  await using opened = await openTestRegistry({ apiKey: "not asked for here" });
  const types: string[] = [];
  for (const path of DASHBOARD_PATHS) {
    const first = await fetch(`${opened.url}${path}`);
    const text = await first.text();
    equal(first.status, 200);
    types.push(`${path} ${first.headers.get("content-type")!.split(";")[0]}`);
    match(first.headers.get("content-security-policy")!, /^default-src 'none'; script-src 'self';/);
    equal(first.headers.get("x-content-type-options"), "nosniff");
    const tag = first.headers.get("etag")!;
    const again = await fetch(`${opened.url}${path}`, { headers: { "if-none-match": tag } });
    deepEqual([again.status, await again.text()], [304, ""]);
    const other = await fetch(`${opened.url}${path}`, { headers: { "if-none-match": '"x"' } });
    deepEqual([other.status, await other.text()], [200, text]);
    const posted = await fetch(`${opened.url}${path}`, { method: "POST" });
    equal(posted.status, 405);
    await posted.body?.cancel();
  }
  deepEqual(types, [
    "/ text/html",
    "/page.js text/javascript",
    "/page.css text/css",
    "/icon.svg image/svg+xml",
  ]);
});

Deno.test("what is compressed is the same, and less than half of it", async () => {
  const ask = async (headers: HeadersInit) => {
    const answer = dashboardFile("/page.js", new Request("http://localhost/page.js", { headers }));
    return { answer, bytes: new Uint8Array(await answer.arrayBuffer()) };
  };
  const plain = await ask({});
  const packed = await ask({ "accept-encoding": "gzip, br" });
  equal(plain.answer.headers.get("content-encoding"), null);
  equal(packed.answer.headers.get("content-encoding"), "gzip");
  ok(packed.bytes.length * 2 < plain.bytes.length);
  deepEqual(new Uint8Array(gunzipSync(packed.bytes)), plain.bytes);
});

Deno.test("the page names no other machine, and has nothing inline", async () => {
  const text = async (path: string) =>
    await dashboardFile(path, new Request(`http://localhost${path}`)).text();
  const html = await text("/");
  ok(!/<script(?![^>]* src="\/)|<style|\son\w+=|\sstyle=/i.test(html), "inline");
  for (const path of DASHBOARD_PATHS) {
    // Names of XML's vocabularies are no addresses.
    const urls = (await text(path)).match(/https?:\/\/[^\s"'`)]+/g) ?? [];
    deepEqual(urls.filter((url) => !url.startsWith("http://www.w3.org/")), [], path);
  }
});
