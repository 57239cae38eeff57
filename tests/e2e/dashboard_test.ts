// The page of the program as people get it, with an agent of its own that is killed, and with a
// network of its own that falls apart.

import { equal } from "node:assert/strict";
import { Daemon, pollenOk, TemporaryFolder } from "../../scripts/support/pollen_process.ts";
import { startRegistry } from "../../scripts/support/registry_process.ts";
import { browserTest, openPage } from "../dashboard/support.ts";
import { AgentProcess } from "./support/agent.ts";

browserTest(
  "the program serves its page: an agent that is killed is soon shown offline",
  async () => {
    await using folder = await TemporaryFolder.make();
    const place = { dir: folder.path };
    await using registry = await startRegistry(place, ["--heartbeat-timeout", "2s"]);
    await using browser = await openPage(`http://127.0.0.1:${registry.httpPort}/`);
    const { page } = browser;
    await page.getByText("Live", { exact: true }).waitFor();
    const words = ["--registry", `127.0.0.1:${registry.port}`, "--heartbeat-interval", "200ms"];
    await using agent = new AgentProcess(place, ["--hostname", "box", ...words]);
    const row = page.getByRole("row").filter({ hasText: "box" });
    await row.getByText("active").waitFor({ timeout: 30_000 });
    await agent.kill();
    await row.getByText("offline").waitFor();
  },
);

/** A node that is killed is found out when its session is idle for too long. */
const IS_LONG = Deno.env.get("POLLEN_FULL") === "1";
const GONE_MS = 60_000;

browserTest("two nodes that meet are joined by a line, until one of them goes", async () => {
  await using folder = await TemporaryFolder.make();
  const one = { dir: await folder.folder("a") };
  const two = { dir: await folder.folder("b") };
  const local = ["--port", "0", "--ips", "127.0.0.1"];
  await pollenOk(one, ["init"]);
  const ports = ["--registry", "--registry-port", "0", "--registry-http-port", "0"];
  await using first = await Daemon.up(one, [...local, ...ports]);
  const line = await first.waitForLog(/the registry serves/);
  await using browser = await openPage(
    `http://127.0.0.1:${/httpPort=(\d+)/.exec(line)![1]!}/#/network`,
  );
  const { page } = browser;
  await page.getByText("No other machine has joined yet.").waitFor();
  const drawn = async () =>
    (await page.locator(".picture > svg > path.direct:not(.is-out)").getAttribute("d"))!;
  equal(await drawn(), "");

  await pollenOk(two, ["join", "--no-start", await pollenOk(one, ["invite"])]);
  await using second = await Daemon.up(two, local);
  const way = page.getByRole("cell", { name: /^direct, [\d.]+ ms$/ });
  await way.waitFor();
  equal((await drawn()).split("M").length - 1, 1);
  await pollenOk(two, ["serve", "8080", "web"]);
  await page.getByRole("link", { name: "Services" }).click();
  await page.getByRole("row", { name: /^web 8080 .* yes$/ }).waitFor();

  await page.getByRole("link", { name: "Network" }).click();
  await way.waitFor();
  await (IS_LONG ? second.kill() : second.stop());
  await way.waitFor({ state: "detached", timeout: GONE_MS });
  equal(await drawn(), "");
  await page.getByRole("cell", { name: "offline" }).waitFor();
  equal(await first.stop(), 0);
});
