// Where a token is asked for, the page asks for it, and never keeps it where a script finds it.

import { deepEqual, equal } from "node:assert/strict";
import { openTestRegistry, WireAgent } from "../registry/support.ts";
import { browserTest, objections, openPage } from "./support.ts";

const KEY = "a key of the owner's choice";

browserTest("signing in with a token, and out", async () => {
  await using opened = await openTestRegistry({ apiKey: KEY });
  using agent = new WireAgent(opened.server.port, KEY);
  await agent.register({ id: "guarded" });
  await using browser = await openPage(opened.url);
  const { page } = browser;
  const token = page.getByLabel("Token");
  const submit = page.getByRole("button", { name: "Sign in" });
  await token.fill("a wrong one");
  await submit.click();
  await page.getByRole("alert").filter({ hasText: "not valid" }).waitFor();
  deepEqual(await objections(page), []);

  await token.fill(KEY);
  await submit.click();
  const row = page.getByRole("row").filter({ hasText: "guarded" });
  await row.waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  const [cookie] = await page.context().cookies();
  deepEqual([cookie!.httpOnly, cookie!.sameSite, cookie!.path], [true, "Strict", "/"]);
  equal(await page.evaluate("document.cookie"), "");
  await page.reload();
  await row.waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await token.waitFor();
  deepEqual(await page.context().cookies(), []);
});
