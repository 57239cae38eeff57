// A real browser, the distribution's Chromium, before a registry's page. Whatever the page asks of
// another machine, and whatever it breaks inside, fails the test.

import { deepEqual } from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Registration, RegistryServer } from "../../lib/registry/mod.ts";
import { systemClock } from "../../lib/host/mod.ts";
import type { Clock, MonotonicMs, WallMs } from "../../lib/types/mod.ts";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where the browser is, or null where there is none. */
export const browserProgram: string | null = PROGRAMS.find((path) => existsSync(path)) ?? null;

/** How long anything may take until the page shows it, in milliseconds: on a machine that is busy as well. */
export const SHOWN_MS = 30_000;

/** A test of the page. */
export function browserTest(name: string, fn: () => Promise<void>): void {
  const isMissing = browserProgram === null;
  Deno.test({
    name: isMissing ? `${name} (skipped without a browser: apt-get install chromium)` : name,
    ignore: isMissing,
    fn,
  });
}

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
}

/** Opens an address in a fresh browser. */
export async function openPage(
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const browser = await chromium.launch({
    executablePath: browserProgram!,
    args: ["--disable-dev-shm-usage", ...(Deno.uid() === 0 ? ["--no-sandbox"] : [])],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(SHOWN_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (thrown) => problems.push(String(thrown)));
  page.on("console", (message) => {
    // A registry that is down or asks for a token is what some tests are about.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) problems.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) problems.push(request.url());
  });
  await page.goto(url);
  return {
    page,
    async [Symbol.asyncDispose]() {
      await browser.close();
      deepEqual(problems, []);
    },
  };
}

/** A clock that runs with the machine's, and can be put forward. */
export class ForwardClock implements Clock {
  #aheadMs = 0;

  forward(ms: number): void {
    this.#aheadMs += ms;
  }

  monotonicNow(): MonotonicMs {
    return systemClock.monotonicNow() + this.#aheadMs as MonotonicMs;
  }

  wallNow(): WallMs {
    return systemClock.wallNow() + this.#aheadMs as WallMs;
  }

  setTimer(ms: number, fn: () => void): () => void {
    return systemClock.setTimer(ms, fn);
  }
}

/** Registers many nodes at once: `node-0`, `node-1`, … */
export async function registerMany({ registry }: RegistryServer, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => registry.register(nodeAt(index))));
}

/** What the node of this number says of itself. */
export function nodeAt(index: number): Registration {
  return {
    id: `node-${index}`,
    kind: "agent",
    hostname: `host-${index}`,
    agentAddress: `10.0.${index >> 8}.${index & 255}:9000`,
    capabilities: {
      cpu: `${[4, 8, 16, 64][index % 4]} cores`,
      memory: `${[8, 16, 32, 256][index % 4]} GB`,
      os: ["Debian 13", "macOS 26", "Windows 11"][index % 3]!,
      gpuType: index % 5 === 0 ? "NVIDIA L4" : "",
      gpuVramTotal: index % 5 === 0 ? "24 GB" : "",
      gpuVramAvailable: "",
      gpuVramUsed: "",
      gpuTemperature: "",
      gpuPowerUsage: "",
      powerUsage: "",
    },
    source: "127.0.0.1",
    owner: "",
  };
}

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe objects to, as `rule: element`. */
export async function objections(page: Page): Promise<string[]> {
  // Not by a script element, which the page's policy forbids.
  await page.evaluate(await Deno.readTextFile(AXE));
  return await page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(
    ({ id, nodes }) => nodes.map(({ html, any }) => id + ": " + html + any.map((a) => a.message))))`);
}
