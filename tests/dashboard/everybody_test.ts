// Light and dark, wide and narrow, by keys and by ear.

import { deepEqual, equal, ok } from "node:assert/strict";
import { openTestRegistry } from "../registry/support.ts";
import { machineId, smallNetwork, ToldNetwork } from "../registry/told_network.ts";
import { browserTest, objections, openPage, registerMany } from "./support.ts";

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`axe has no objection, ${colorScheme}`, async () => {
    await using opened = await openTestRegistry({ network: new ToldNetwork(smallNetwork()) });
    await using browser = await openPage(opened.url, { colorScheme });
    const { page } = browser;
    await page.getByText("No node has registered yet.").waitFor();
    deepEqual(await objections(page), [], "empty");
    await page.getByText("Live", { exact: true }).waitFor();
    await registerMany(opened.server, 20);
    await opened.server.registry.unregister("node-7");
    await page.locator("#row-7").getByText("offline").waitFor();
    deepEqual(await objections(page), [], "nodes");
    await page.locator("#row-5").click();
    await page.getByRole("img", { name: /Last sign of life/ }).waitFor();
    deepEqual(await objections(page), [], "details");
    await page.getByRole("link", { name: "Events" }).click();
    await page.locator(".timeline").waitFor();
    deepEqual(await objections(page), [], "events");
    await page.getByRole("link", { name: "Services" }).click();
    await page.getByText("2 of 2 services").waitFor();
    deepEqual(await objections(page), [], "services");
    await page.goto(`${opened.url}/#/network/${machineId("b")}`);
    await page.getByRole("heading", { name: "Links" }).waitFor();
    await page.locator(".picture .latency").waitFor();
    deepEqual(await objections(page), [], "network");
  });
}

browserTest("colours follow the system until somebody chooses, and stay chosen", async () => {
  await using opened = await openTestRegistry();
  await using browser = await openPage(opened.url, { colorScheme: "dark" });
  const { page } = browser;
  const paper = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  const choice = page.getByLabel("Colours");
  await choice.waitFor();
  equal(await paper(), "rgb(20, 23, 26)");
  await choice.selectOption("light");
  equal(await paper(), "rgb(255, 255, 255)");
  await page.reload();
  await choice.waitFor();
  equal(await paper(), "rgb(255, 255, 255)");
});

browserTest("everything is reached by the Tab key, in the order in which it is read", async () => {
  await using opened = await openTestRegistry();
  await registerMany(opened.server, 3);
  await using browser = await openPage(opened.url);
  const { page } = browser;
  await page.locator("#row-2").waitFor();
  const stops: string[] = [];
  for (let count = 0; count < 13; count++) {
    await page.keyboard.press("Tab");
    stops.push(
      await page.evaluate(
        "document.activeElement.id || document.activeElement.localName",
      ) as string,
    );
  }
  const [links, theme, search] = [["a", "a", "a", "a"], ["select"], ["input"]];
  const states = ["button", "button", "button", "button"];
  deepEqual(stops, [...links, ...theme, ...search, ...states, "select", "nodes", "button"]);
});

browserTest("on a phone nothing is cut off, and details take the whole page", async () => {
  await using opened = await openTestRegistry();
  await registerMany(opened.server, 50);
  const viewport = { width: 360, height: 640 };
  await using browser = await openPage(opened.url, { viewport, hasTouch: true, isMobile: true });
  const { page } = browser;
  const isCut = () =>
    page.evaluate(`[...document.querySelectorAll("html, .grid, .details")].some(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)`);
  await page.locator("#row-0").waitFor();
  equal(await isCut(), false);
  const box = await page.locator("#row-0").boundingBox();
  ok(box!.height >= 44, "a finger hits a row");
  deepEqual(await objections(page), []);
  await page.locator("#row-0").tap();
  await page.getByRole("button", { name: "Close" }).waitFor();
  equal(await page.getByRole("grid").count(), 0);
  equal(await isCut(), false);
  await page.getByRole("button", { name: "Close" }).tap();
  await page.getByRole("grid").waitFor();
});
