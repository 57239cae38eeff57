// The page of the program as people get it, with an agent of its own that is killed.

import { pollenCommand, TemporaryFolder } from "../../scripts/support/pollen_process.ts";
import { startRegistry } from "../../scripts/support/registry_process.ts";
import { browserTest, openPage } from "../dashboard/support.ts";

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
    const [program, ...args] = pollenCommand(place, ["agent", "--hostname", "box", ...words]);
    const agent = new Deno.Command(program!, { args, stdout: "null", stderr: "null" }).spawn();
    const row = page.getByRole("row").filter({ hasText: "box" });
    try {
      await row.getByText("active").waitFor({ timeout: 30_000 });
    } finally {
      agent.kill("SIGKILL");
      await agent.status;
    }
    await row.getByText("offline").waitFor();
  },
);
