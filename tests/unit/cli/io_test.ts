// Standard input as commands read it: whole, bounded, and no longer than the user wants.

import assert from "node:assert/strict";
import { readAll, readLine } from "../../../lib/cli/io.ts";
import { PollenError } from "../../../lib/types/mod.ts";

const never = new AbortController().signal;

function streamOf(...chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks);
}

Deno.test("text arrives whole, also when a character is split between chunks", async () => {
  const bytes = new TextEncoder().encode("grüße");
  assert.equal(await readAll(streamOf(bytes.slice(0, 3), bytes.slice(3)), never), "grüße");
  assert.equal(await readAll(streamOf(), never), "");
});

Deno.test("a line ends where it ends, also where the input does not", async () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const open = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes("yes\nand more")),
  });
  assert.equal(await readLine(open, never), "yes");
  assert.equal(await readLine(streamOf(bytes("y"), bytes("es")), never), "yes");
});

Deno.test("endless input is refused", async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
  });
  await assert.rejects(
    readAll(endless, never),
    (thrown) => thrown instanceof PollenError && thrown.code === "too_large",
  );
});

Deno.test("an interruption ends the wait for input that does not come", async () => {
  const controller = new AbortController();
  const reading = readAll(new ReadableStream(), controller.signal);
  controller.abort();
  await assert.rejects(reading, { name: "AbortError" });
});
