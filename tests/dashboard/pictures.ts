// Takes the pictures of the docs with a registry that has something to show.
//
//   deno task dashboard:pictures        writes docs/dashboard-*.png (needs Chromium)

import { openTestRegistry } from "../registry/support.ts";
import { openPage, registerMany } from "./support.ts";

const docs = new URL("../../docs/", import.meta.url).pathname;
const phone = { viewport: { width: 390, height: 700 }, isMobile: true, hasTouch: true };

await using opened = await openTestRegistry({ heartbeatTimeoutMs: 20_000 });
const { registry } = opened.server;
await registerMany(opened.server, 40);
await registry.unregister("node-7");
await registry.unregister("node-19");
// All but three go on to be heard.
const beating = Array.from({ length: 40 }, (_, index) => index)
  .filter((index) => ![3, 7, 12, 19, 21].includes(index));
const heartbeats = setInterval(() => {
  for (const index of beating) void registry.heartbeat(`node-${index}`);
}, 5_000);

await using light = await openPage(opened.url, { colorScheme: "light" });
await using dark = await openPage(`${opened.url}/#/nodes/node-0`, { colorScheme: "dark" });
await using small = await openPage(opened.url, { ...phone, colorScheme: "light" });
const stale = light.page.getByRole("button", { name: /^stale 3/ });
await stale.waitFor({ timeout: 30_000 });
await light.page.screenshot({ path: `${docs}dashboard-light.png` });
await small.page.screenshot({ path: `${docs}dashboard-phone.png` });
await dark.page.getByRole("button", { name: /^offline 5/ }).waitFor({ timeout: 30_000 });
await dark.page.screenshot({ path: `${docs}dashboard-dark.png` });
clearInterval(heartbeats);
