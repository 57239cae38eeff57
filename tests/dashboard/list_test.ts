// The list: whatever its length, it is searched, sorted, filtered and walked through by keys.

import { deepEqual, equal, ok } from "node:assert/strict";
import { openTestRegistry } from "../registry/support.ts";
import { browserTest, openPage, registerMany } from "./support.ts";

browserTest(
  "of 10,000 nodes at most 100 are in the page, and the last is reached by keys",
  async () => {
    await using opened = await openTestRegistry();
    await registerMany(opened.server, 10_000);
    await using browser = await openPage(opened.url);
    const { page } = browser;
    await page.getByText("10,000 of 10,000 nodes").waitFor();
    const grid = page.getByRole("grid");
    equal(await grid.getAttribute("aria-rowcount"), "10001");
    const rows = page.locator(".body .row");
    const few = async () => {
      const count = await rows.count();
      ok(count > 5 && count <= 100, `${count} rows`);
    };
    await few();
    await page.setViewportSize({ width: 1280, height: 6_000 });
    await page.locator("#row-60").waitFor();
    await few();
    await page.setViewportSize({ width: 1280, height: 800 });

    await grid.focus();
    await page.keyboard.press("End");
    await page.locator("#row-9999").getByText("host-9999").waitFor();
    equal(await grid.getAttribute("aria-activedescendant"), "row-9999");
    await few();
    await grid.evaluate((element: { scrollTop: number }) => element.scrollTop = 200_000);
    await page.locator("#row-5005").waitFor();
    await few();

    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "host-1" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "host-1" }).waitFor({ state: "detached" });
    equal(await page.evaluate("document.activeElement.id"), "nodes");
  },
);

browserTest("search, states, capabilities and order choose what is shown", async () => {
  await using opened = await openTestRegistry();
  await registerMany(opened.server, 30);
  await opened.server.registry.unregister("node-7");
  await using browser = await openPage(opened.url);
  const { page } = browser;
  const names = () => page.locator(".body .row .name").allTextContents();
  const shows = (text: string) => page.getByText(text, { exact: true }).waitFor();
  await shows("30 of 30 nodes");
  deepEqual((await names()).slice(0, 3), ["host-0", "host-1", "host-2"]);
  await page.getByRole("button", { name: "Name" }).click();
  await page.locator("#row-0").getByText("host-29").waitFor();

  await page.getByRole("button", { name: "Memory" }).click();
  await page.locator("#row-29").getByText("256 GB").waitFor();
  await page.getByRole("button", { name: /^offline/ }).click();
  await shows("1 of 30 nodes");
  deepEqual(await names(), ["host-7"]);
  await page.getByRole("button", { name: /^all/ }).click();
  await page.getByLabel("Capability").selectOption({ label: "NVIDIA L4" });
  await shows("6 of 30 nodes");
  await page.getByLabel("Search").fill("host-2 debian");
  await shows("0 of 30 nodes");
  await page.getByRole("button", { name: "Show all" }).click();
  await shows("30 of 30 nodes");
  await page.getByLabel("Search").fill("HOST-2 debian");
  await shows("3 of 30 nodes");
});
