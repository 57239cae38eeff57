// The page shows what happens as it happens, and says so when it cannot.

import { deepEqual, equal } from "node:assert/strict";
import { until } from "../../scripts/support/pollen_process.ts";
import { openTestRegistry, WireAgent } from "../registry/support.ts";
import { browserTest, ForwardClock, openPage, SHOWN_MS } from "./support.ts";

browserTest("a node that registers appears without a reload, and its words stay text", async () => {
  await using opened = await openTestRegistry();
  using agent = new WireAgent(opened.server.port);
  await using browser = await openPage(opened.url);
  const { page } = browser;
  await page.getByText("No node has registered yet.").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.evaluate("window.isSamePage = true");
  // From now on nothing comes by reading the list again.
  await page.route("**/api/nodes?*", () => {});

  const hostname = `<img src=x onerror="window.isFooled=1"><script>window.isFooled=1</script>`;
  await agent.register({ id: "a\u202eb", hostname, capabilities: { os: "<b>bold</b>" } });
  const row = page.getByRole("row").filter({ hasText: hostname });
  await row.waitFor({ timeout: SHOWN_MS });
  equal(await page.evaluate("window.isSamePage"), true);

  await row.click();
  await page.getByRole("heading", { name: hostname }).waitFor();
  await page.getByText("a\ufffdb").waitFor();
  await page.getByText("from 127.0.0.1").waitFor();
  await page.getByRole("img", { name: /Last sign of life/ }).waitFor();
  await agent.heartbeat("a\u202eb");
  await page.getByRole("img", { name: /^Chart of heartbeats. 1 in the last 24 hours/ }).waitFor();
  equal(await page.locator(".details canvas").count(), 2);
  // Both have points in the colour of lines (styles/base.css, light).
  const isDrawn = await page.locator(".details canvas").evaluateAll((charts) =>
    // deno-lint-ignore no-explicit-any -- a canvas, of which Deno knows nothing
    charts.map((chart: any) => {
      const { data } = chart.getContext("2d").getImageData(0, 0, chart.width, chart.height);
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] === 0x0b && data[at + 1] === 0x5c && data[at + 2] === 0xad) return true;
      }
      return false;
    })
  );
  deepEqual(isDrawn, [true, true]);
  equal(await page.evaluate("window.isFooled"), undefined);
});

browserTest("an agent that is silent turns stale, then offline, and comes back", async () => {
  const clock = new ForwardClock();
  await using opened = await openTestRegistry({ clock });
  using agent = new WireAgent(opened.server.port);
  await agent.register({ id: "silent" });
  await using browser = await openPage(opened.url);
  const { page } = browser;
  const stateIs = (state: string) =>
    page.getByRole("row").filter({ hasText: "silent" }).getByText(state).waitFor();
  await stateIs("active");
  await page.getByText("Live", { exact: true }).waitFor();
  clock.forward(12_000);
  await stateIs("stale");
  clock.forward(20_000);
  await stateIs("offline");
  await agent.register({ id: "silent" });
  await stateIs("active");

  await page.getByRole("link", { name: "Events" }).click();
  const kinds = page.locator(".timeline .kind");
  await kinds.nth(2).waitFor();
  equal((await kinds.allTextContents()).join(" "), "registered offline stale");
});

browserTest("a registry that is down is said to be, and its return is noticed", async () => {
  const dir = await Deno.makeTempDir({ prefix: "pollen-dashboard-" });
  const storage = `sqlite:${dir}/registry.db`;
  const first = await openTestRegistry({ storage });
  const { httpPort } = first.server;
  using before = new WireAgent(first.server.port);
  await before.register({ id: "kept" });
  await using browser = await openPage(first.url);
  const { page } = browser;
  const kept = page.getByRole("row").filter({ hasText: "kept" });
  await kept.waitFor();

  await first[Symbol.asyncDispose]();
  const alert = page.getByRole("alert").filter({ hasText: "does not answer" });
  await alert.waitFor();
  await page.getByText("Not connected").waitFor();
  await kept.waitFor();

  await using second = await openTestRegistry({ storage, httpPort });
  using after = new WireAgent(second.server.port);
  await after.register({ id: "new" });
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 20_000 });
  await alert.waitFor({ state: "detached" });
  await page.getByRole("row").filter({ hasText: "new" }).waitFor();
  await Deno.remove(dir, { recursive: true });
});

browserTest(
  "a page that nobody sees holds no connection, and is right when it is looked at",
  async () => {
    await using opened = await openTestRegistry();
    const { registry } = opened.server;
    await using browser = await openPage(opened.url);
    const { page } = browser;
    await page.getByText("Live", { exact: true }).waitFor();
    equal(registry.events.listenerCount, 1);
    const turn = (isHidden: boolean) =>
      page.evaluate(`
      Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));`);
    await turn(true);
    await until("nobody listens", () => {
      return Promise.resolve(registry.events.listenerCount === 0 ? true : null);
    });
    // Whatever the page would open now is there before the answer to this.
    await page.evaluate("fetch('/healthz').then((answer) => answer.text())");
    equal(registry.events.listenerCount, 0);
    using agent = new WireAgent(opened.server.port);
    await agent.register({ id: "meanwhile" });
    await turn(false);
    await page.getByRole("row").filter({ hasText: "meanwhile" }).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
  },
);

browserTest("where no stream of events gets through, the page asks again and again", async () => {
  await using opened = await openTestRegistry();
  await using browser = await openPage(opened.url);
  const { page } = browser;
  await page.route("**/api/events", (route) => route.abort());
  await page.reload();
  await page.getByText("Every 2 s").waitFor();
  using agent = new WireAgent(opened.server.port);
  await agent.register({ id: "polled" });
  await page.getByRole("row").filter({ hasText: "polled" }).waitFor();
  await page.route("**/api/nodes?*", (route) => route.abort());
  await page.getByRole("alert").waitFor();
  await page.unroute("**/api/nodes?*");
  await page.getByRole("alert").waitFor({ state: "detached" });
});
