// The network and its services on the page: as they are, and as they change.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { openTestRegistry, type TestRegistry } from "../registry/support.ts";
import { ALONE, fullMesh, machineId, smallNetwork, ToldNetwork } from "../registry/told_network.ts";
import { browserTest, objections, openPage } from "./support.ts";

/** How many lines of a kind are drawn. */
async function lineCount(page: Page, path: "direct" | "relayed"): Promise<number> {
  const lines = page.locator(`.picture > svg > path.${path}:not(.is-out)`);
  return (await lines.getAttribute("d"))!.split("M").length - 1;
}

/** The rows of the table as text, cells by tabs. */
async function rows(page: Page): Promise<string[]> {
  return (await page.locator("tbody tr").allInnerTexts()).map((row) => row.replaceAll("\n", ""));
}

/** Gives machine `b` a name. */
async function nameMachine({ server }: TestRegistry): Promise<void> {
  await server.registry.register({
    id: machineId("b"),
    kind: "member",
    hostname: "box",
    agentAddress: "",
    capabilities: null,
    source: "",
    owner: "",
  });
}

browserTest(
  "the network is drawn as it is, in words as well, and follows what changes",
  async () => {
    const network = new ToldNetwork(smallNetwork());
    await using opened = await openTestRegistry({ network });
    await nameMachine(opened);
    await using browser = await openPage(`${opened.url}/#/network`);
    const { page } = browser;
    await page.locator("tbody tr").nth(3).waitFor();
    deepEqual(await rows(page), [
      "a0000000\tonline\tthis machine\t2",
      "box\tonline\tdirect, 1.3 ms\t2",
      "c0000000\tonline\trelayed by box, 41 ms\t2",
      "d0000000\toffline\t\t0",
    ]);
    deepEqual([await lineCount(page, "direct"), await lineCount(page, "relayed")], [2, 1]);
    equal(await page.locator(".picture circle").count(), 4 + 1);

    // By keys in the table, by the pointer in the picture: the round trips of what is looked at.
    const shown = page.locator(".picture .latency");
    equal(await shown.count(), 0);
    await page.getByRole("link", { name: "box" }).focus();
    await shown.waitFor();
    equal(await shown.textContent(), "1.3 ms");
    await page.locator(".picture circle").first().hover();
    await shown.nth(1).waitFor();
    deepEqual((await shown.allTextContents()).sort(), ["1.3 ms", "41 ms"]);

    await page.locator(".picture circle").nth(1).click();
    await page.getByRole("heading", { name: "box" }).waitFor();
    // Its services come by a request of their own.
    await page.locator(".details .pairs li").nth(2).waitFor();
    const pairs = (await page.locator(".details .pairs li").allInnerTexts())
      .map((text) => text.replaceAll(/\s+/g, " "));
    deepEqual(pairs, ["a0000000 direct, 1.3 ms", "c0000000 direct", "<b>web</b> port 8080"]);
    await page.getByRole("button", { name: "Close" }).click();

    // From now on only events lead to a look.
    await page.getByText("Live", { exact: true }).waitFor();
    const { machines, links, ...rest } = smallNetwork();
    network.view = { ...rest, machines, links: links.slice(1) };
    await page.getByRole("cell", { name: "direct, 1.3 ms" }).waitFor({ state: "detached" });
    equal(await lineCount(page, "direct"), 1);
  },
);

browserTest("what is served is listed, found, and leads to who serves it", async () => {
  const network = new ToldNetwork(smallNetwork());
  await using opened = await openTestRegistry({ network });
  await nameMachine(opened);
  await using browser = await openPage(`${opened.url}/#/services`);
  const { page } = browser;
  await page.getByText("2 of 2 services").waitFor();
  deepEqual(await rows(page), ["<b>web</b>\t8080\tbox\tyes", "db\t5432/udp\td0000000\tno"]);
  await page.getByLabel("Search services").fill("BOX 80");
  await page.getByText("1 of 2 services").waitFor();
  await page.getByRole("link", { name: "box" }).click();
  await page.getByRole("heading", { name: "box" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "box" }).waitFor({ state: "detached" });

  network.view = ALONE;
  await page.getByText("No machine offers a service.").waitFor();
  await page.getByRole("link", { name: "Network" }).click();
  await page.getByText("No other machine has joined yet.").waitFor();
});

browserTest("without a node, or when it fails, the page says why nothing is there", async () => {
  await using opened = await openTestRegistry();
  await using browser = await openPage(`${opened.url}/#/network`);
  const { page } = browser;
  await page.getByText("This registry runs without a node").waitFor();
  await page.getByRole("link", { name: "Services" }).click();
  await page.getByText("This registry runs without a node").waitFor();
  deepEqual(await objections(page), []);

  const answer = { status: 500, body: "Something went wrong." };
  await page.route("**/api/network", (route) => route.fulfill(answer));
  await page.getByRole("link", { name: "Network" }).click();
  const alert = page.getByRole("alert").filter({ hasText: "Something went wrong." });
  await alert.waitFor();
  deepEqual(await objections(page), []);
  await page.unroute("**/api/network");
  await alert.waitFor({ state: "detached" });
});

browserTest("of two hundred machines each has its place, on a phone too", async () => {
  const network = new ToldNetwork(fullMesh(200));
  await using opened = await openTestRegistry({ network });
  await using browser = await openPage(`${opened.url}/#/network`);
  const { page } = browser;
  const status = page.getByText("200 of 200 machines online, 19,900 links, none of them relayed.");
  await status.waitFor();
  equal(await page.locator(".machine circle").count(), 200);
  equal(await lineCount(page, "direct"), 19_900);
  const places = await page.locator(".machine circle").evaluateAll((circles) =>
    circles.map((circle) => `${circle.getAttribute("cx")} ${circle.getAttribute("cy")}`)
  );
  equal(new Set(places).size, 200);

  await page.setViewportSize({ width: 360, height: 640 });
  const isCut = () =>
    page.evaluate(`[...document.querySelectorAll("html, .page")].some(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)`);
  await page.locator('.picture > svg[width="344"]').waitFor();
  equal(await isCut(), false);
  const isInside = await page.locator(".machine circle").evaluateAll((circles) =>
    circles.every((circle) => {
      const { left, right } = circle.getBoundingClientRect();
      return left >= 0 && right <= 360;
    })
  );
  ok(isInside);
  const last = page.locator("tbody tr").last();
  await last.scrollIntoViewIfNeeded();
  match(await last.innerText(), /199$/);
});
